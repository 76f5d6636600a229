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

"""Placement, as Nova's own services reach it."""

from nova_sriov_ext.cmd import nova_conf
from nova_sriov_ext.placement import api


def connect(config_files: list[str] | None = None) -> api.Api:
    """:param config_files: as cells.compute_nodes takes them
    :raises api.PlacementError: with the remedy
    """
    conf = nova_conf.read(config_files)
    from keystoneauth1 import exceptions
    from nova.scheduler.client import report
    try:
        client = report.SchedulerReportClient()
        # Nova connects with the first request.
        client.get('/resource_classes', version=api.VERSION)
    except exceptions.ClientException as e:
        files = ', '.join(conf.config_file or ['nova.conf'])
        raise api.PlacementError(
            f'Placement cannot be reached ({str(e).splitlines()[0]}). Run '
            f'this on a controller, and check [placement] in {files}.'
        ) from None
    return api.Api(client)
