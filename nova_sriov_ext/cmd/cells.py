"""Compute nodes out of all of Nova's cells."""

from nova_sriov_ext.cmd import nova_conf


class DatabaseUnavailable(Exception):
    """Nova's databases cannot be read from here."""


def compute_nodes(config_files=None):
    """Read the compute nodes of every cell.

    :param config_files: list of paths of nova.conf; None lets oslo.config
        look in Nova's usual places
    :returns: list of nova.objects.ComputeNode
    :raises DatabaseUnavailable: with the cell and the remedy
    """
    nova_conf.choose_threads()
    # Nova is imported when a command runs, not when its help is asked for.
    from nova import config
    from nova import context
    from nova import objects
    import nova.conf
    from oslo_db import exception as db_exc
    from sqlalchemy import exc as sa_exc
    # With RPC, though nothing is sent: cell mappings look into its options.
    config.parse_args(['nova-sriov'], default_config_files=config_files)
    objects.register_all()
    admin = context.get_admin_context()
    try:
        answers = context.scatter_gather_all_cells(
            admin, objects.ComputeNodeList.get_all)
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
    return [node for nodes in answers.values() for node in nodes]


def _brief(error):
    """:param error: what is_cell_failure_sentinel knows
    :returns: str, without the SQL that SQLAlchemy adds in further lines
    """
    text = str(error) if isinstance(error, Exception) else 'timeout'
    return text.splitlines()[0] if text else type(error).__name__
