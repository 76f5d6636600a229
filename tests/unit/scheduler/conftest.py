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

from nova import exception
from nova import objects
from nova.scheduler import host_manager
from nova.scheduler import manager
from nova.scheduler import request_filter
import pytest

from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.scheduler import host_records
from nova_sriov_ext.scheduler import no_candidates
from tests.unit.scheduler import ports


@pytest.fixture(autouse=True)
def neutron(monkeypatch):
    """Neutron, with no port in it yet."""
    found = ports.Neutron()
    monkeypatch.setattr('nova.network.neutron.get_client',
                        lambda context, admin=False: found)
    monkeypatch.setattr(neutron_ports, 'BREAKER', neutron_ports.Breaker())
    return found


@pytest.fixture(autouse=True)
def new_server(monkeypatch):
    """Servers are new: Nova's database does not know them."""
    def unknown(context, uuid):
        raise exception.InstanceMappingNotFound(uuid=uuid)

    monkeypatch.setattr(
        objects.InstanceMapping, 'get_by_instance_uuid', unknown)


@pytest.fixture(autouse=True)
def stock(monkeypatch):
    """Nova's own in the places where a filter that is loaded puts ours."""
    monkeypatch.setattr(host_manager, 'HostState', host_records.STOCK)
    monkeypatch.setattr(request_filter, 'ALL_REQUEST_FILTERS',
                        list(request_filter.ALL_REQUEST_FILTERS))
    monkeypatch.setattr(manager.SchedulerManager, 'select_destinations',
                        no_candidates.STOCK)
