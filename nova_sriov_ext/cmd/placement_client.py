"""Placement, as Nova's own services reach it."""

from nova_sriov_ext.cmd import nova_conf
from nova_sriov_ext.placement import api


def connect(config_files=None):
    """:param config_files: list of paths of nova.conf, as cells.compute_nodes
        takes it
    :returns: nova_sriov_ext.placement.api.Api
    :raises api.PlacementError: with the remedy
    """
    conf = nova_conf.read(config_files)
    from keystoneauth1 import exceptions
    from nova.scheduler.client import report
    try:
        client = report.SchedulerReportClient()
        # Nova connects at the first question.
        client.get('/resource_classes', version=api.VERSION)
    except exceptions.ClientException as e:
        files = ', '.join(conf.config_file or ['nova.conf'])
        raise api.PlacementError(
            f'Placement cannot be reached ({str(e).splitlines()[0]}). Run '
            f'this on a controller, and check [placement] in {files}.'
        ) from None
    return api.Api(client)
