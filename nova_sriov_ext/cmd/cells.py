#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Compute hosts out of all of Nova's cells."""

import dataclasses

from nova_sriov_ext.cmd import nova_conf


class DatabaseUnavailable(Exception):
    """Nova's databases cannot be read from here."""


@dataclasses.dataclass(frozen=True)
class ComputeHost:
    """A compute node and the service that looks after it.

    :ivar cell: nova.objects.CellMapping
    :ivar node: nova.objects.ComputeNode
    :ivar service: nova.objects.Service, None where there is none
    """

    cell: object
    node: object
    service: object = None

    @property
    def cell_name(self):
        """:returns: str; a cell need not have a name, it has a UUID"""
        return self.cell.name or self.cell.uuid


def prepare(config_files=None):
    """Make Nova's databases readable in this process.

    :param config_files: list of paths of nova.conf; None lets oslo.config
        look in Nova's usual places
    """
    nova_conf.choose_threads()
    # Nova is imported when a command runs, not when its help is asked for.
    from nova import config
    from nova import objects
    # With RPC, though nothing is sent: cell mappings look into its options.
    config.parse_args(['nova-sriov'], default_config_files=config_files)
    objects.register_all()


def compute_nodes(config_files=None):
    """Read the compute nodes of every cell.

    :param config_files: as prepare takes them
    :returns: list of nova.objects.ComputeNode
    :raises DatabaseUnavailable: with the cell and the remedy
    """
    prepare(config_files)
    from nova import objects
    answers = _of_all_cells(objects.ComputeNodeList.get_all)
    return [node for nodes in answers.values() for node in nodes]


def hosts():
    """Read the compute nodes of every cell with their services, once
    Nova's databases are readable here.

    :returns: list of Host
    :raises DatabaseUnavailable: with the cell and the remedy
    """
    from nova import context
    answers = _of_all_cells(_nodes_and_services)
    # What _of_all_cells has just asked.
    cells = {cell.uuid: cell for cell in context.CELLS}
    return [ComputeHost(cells[uuid], node, services.get(node.host))
            for uuid, (nodes, services) in answers.items()
            for node in nodes]


def _nodes_and_services(cctxt):
    from nova import objects
    services = objects.ServiceList.get_by_binary(
        cctxt, 'nova-compute', include_disabled=True)
    return (objects.ComputeNodeList.get_all(cctxt),
            {service.host: service for service in services})


def _of_all_cells(function):
    """:param function: takes the context of a cell
    :returns: dict, UUID of a cell → what the function returned
    """
    from nova import context
    import nova.conf
    from oslo_db import exception as db_exc
    from sqlalchemy import exc as sa_exc
    try:
        answers = context.scatter_gather_all_cells(
            context.get_admin_context(), function)
    # The last two: a connection that no driver is installed for, or that
    # SQLAlchemy cannot read.
    except (db_exc.DBError, db_exc.CantStartEngineError,
            ImportError, sa_exc.SQLAlchemyError) as e:
        files = ', '.join(nova.conf.CONF.config_file or ['nova.conf'])
        raise DatabaseUnavailable(
            f'The API database of Nova cannot be read ({_brief(e)}). Run '
            'this on a controller, and check [api_database]connection in '
            f'{files}.') from None
    silent = {cell: nodes for cell, nodes in answers.items()
              if context.is_cell_failure_sentinel(nodes)}
    if silent:
        why = ', '.join(f'{cell} ({_brief(error)})'
                        for cell, error in silent.items())
        raise DatabaseUnavailable(
            f'The database of cell {why} did not answer. '
            'Check it with "nova-manage cell_v2 list_cells".')
    return answers


def _brief(error):
    """:param error: what is_cell_failure_sentinel knows
    :returns: str, without the SQL that SQLAlchemy adds in further lines
    """
    text = str(error) if isinstance(error, Exception) else 'timeout'
    return text.splitlines()[0] if text else type(error).__name__
