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

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
import dataclasses
from typing import TYPE_CHECKING
from typing import Protocol
from typing import TypeVar

from nova_sriov_ext.cmd import nova_conf

# Nova is imported when a command runs, not when its help is requested.
if TYPE_CHECKING:
    from nova import context as nova_context
    from nova import objects

_T = TypeVar('_T')
_Host = TypeVar('_Host', bound='_Named')


class DatabaseUnavailable(Exception):
    """Nova's databases cannot be read from here."""


class UnknownHost(Exception):
    """There is no such compute host."""


class _Named(Protocol):

    @property
    def host(self) -> str:
        """Name of its nova-compute service."""


@dataclasses.dataclass(frozen=True)
class ComputeHost:
    """A compute node and the service that looks after it, if there is one."""

    cell: objects.CellMapping
    node: objects.ComputeNode
    service: objects.Service | None = None

    @property
    def host(self) -> str:
        """As _Named."""
        return str(self.node.host)

    @property
    def cell_name(self) -> str:
        """Its UUID, where the cell does not have a name."""
        return str(self.cell.name or self.cell.uuid)


def prepare(config_files: list[str] | None = None) -> None:
    """Make Nova's databases readable in this process.

    :param config_files: paths of nova.conf; None lets oslo.config look in
        Nova's usual places
    """
    nova_conf.choose_threads()
    from nova import config
    from nova import objects
    import nova.conf
    # Nova registers options of a command line, which a conf that was read
    # before does not take.
    nova.conf.CONF.clear()
    # With RPC, though nothing is sent: cell mappings look into its options.
    config.parse_args(['nova-sriov'], default_config_files=config_files)
    objects.register_all()


def compute_nodes(
        config_files: list[str] | None = None) -> list[objects.ComputeNode]:
    """Read the compute nodes of every cell.

    :param config_files: as prepare takes them
    :raises DatabaseUnavailable: with the cell and the remedy
    """
    prepare(config_files)
    from nova import objects
    answers = of_all_cells(objects.ComputeNodeList.get_all)
    return [node for nodes in answers.values() for node in nodes]


def hosts() -> list[ComputeHost]:
    """Read the compute nodes of every cell with their services, once
    Nova's databases are readable here.

    :raises DatabaseUnavailable: with the cell and the remedy
    """
    from nova import context
    answers = of_all_cells(_nodes_and_services)
    # What of_all_cells has just read.
    cells = {cell.uuid: cell for cell in context.CELLS}
    return [ComputeHost(cells[uuid], node, services.get(node.host))
            for uuid, (nodes, services) in answers.items()
            for node in nodes]


def chosen(hosts: Iterable[_Host], name: str | None) -> list[_Host]:
    """:param name: of the only host that is wanted; None for all
    :raises UnknownHost: there is none
    """
    found = [one for one in hosts if name in (None, one.host)]
    if not found:
        raise UnknownHost(
            'There is no compute host' + (f' {name}' if name else '') +
            ' in any cell; see "nova-manage cell_v2 list_hosts".')
    return found


def _nodes_and_services(cctxt: nova_context.RequestContext) -> tuple[
        list[objects.ComputeNode], dict[str, objects.Service]]:
    """:returns: nodes; services by host"""
    from nova import objects
    services = objects.ServiceList.get_by_binary(
        cctxt, 'nova-compute', include_disabled=True)
    return (objects.ComputeNodeList.get_all(cctxt),
            {service.host: service for service in services})


def of_all_cells(
        function: Callable[[nova_context.RequestContext], _T]
) -> dict[str, _T]:
    """Once Nova's databases are readable here.

    :param function: takes the context of a cell
    :returns: UUID of a cell → what the function returned
    :raises DatabaseUnavailable: with the cell and the remedy
    """
    from nova import context
    import nova.conf
    from oslo_db import exception as db_exc
    from sqlalchemy import exc as sa_exc
    try:
        answers: dict[str, _T] = context.scatter_gather_all_cells(
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


def _brief(error: object) -> str:
    """Without the SQL that SQLAlchemy adds in further lines.

    :param error: an exception, or what is_cell_failure_sentinel knows
    """
    text = str(error) if isinstance(error, Exception) else 'timeout'
    return text.splitlines()[0] if text else type(error).__name__
