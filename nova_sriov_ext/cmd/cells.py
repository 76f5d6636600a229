"""Compute nodes out of all of Nova's cells."""


class DatabaseUnavailable(Exception):
    """Nova's databases cannot be read from here."""


def compute_nodes(config_files=None):
    """Read the compute nodes of every cell that answers.

    :param config_files: list of paths of nova.conf; None lets oslo.config
        look in Nova's usual places
    :returns: list of nova.objects.ComputeNode
    :raises DatabaseUnavailable: with the cell and the remedy
    """
    # Nova is imported when a command runs, not when its help is asked for.
    import nova.conf
    from oslo_db import exception as db_exc

    from nova import config
    from nova import context
    from nova import objects
    config.parse_args(['nova-sriov'], default_config_files=config_files,
                      init_rpc=False)
    objects.register_all()
    admin = context.get_admin_context()
    try:
        answers = context.scatter_gather_all_cells(
            admin, objects.ComputeNodeList.get_all)
    except db_exc.DBError as e:
        raise DatabaseUnavailable(
            f'The API database of Nova cannot be read ({e}). Run this on a '
            'controller, and check [api_database]connection in '
            f'{nova.conf.CONF.config_file or "nova.conf"}.') from None
    silent = [cell for cell, nodes in answers.items()
              if context.is_cell_failure_sentinel(nodes)]
    if silent:
        raise DatabaseUnavailable(
            f'The database of cell {", ".join(silent)} did not answer. '
            'Check it with "nova-manage cell_v2 list_cells".')
    return [node for nodes in answers.values() for node in nodes]
