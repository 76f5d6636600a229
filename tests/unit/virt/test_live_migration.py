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

"""The modes of ports are looked up before a live migration's claim."""

import types

from nova import objects
from nova.virt.libvirt import driver as stock
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.claim import arrivals
from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.report import document
from nova_sriov_ext.virt.libvirt import driver

MIXED = (document.Row('a', 'physnet1', 1, 'legacy'),
         document.Row('b', 'physnet1', 1, 'switchdev'))


@pytest.mark.parametrize('claim, rows, expected', [
    ('assign', MIXED, [{uuids.port}]),
    ('assign', MIXED[:1], []),
    ('assign', (), []),
    (None, MIXED, [])])
def test_asks_on_mixed_hosts_only(monkeypatch, claim, rows, expected):
    calls = []
    monkeypatch.setattr(neutron_ports, 'read',
                        lambda ids: calls.append(set(ids)) or [])
    monkeypatch.setattr(
        stock.LibvirtDriver, 'check_can_live_migrate_destination',
        lambda self, *args, **kwargs: (args, kwargs))
    ours = driver.SriovLibvirtDriver.__new__(driver.SriovLibvirtDriver)
    ours._claim, ours._rows = claim, rows
    # A compute whose tracker is Nova's own.
    ours._arrivals = arrivals.Arrivals(types.SimpleNamespace(
        _compute=types.SimpleNamespace(
            rt=types.SimpleNamespace(pci_tracker=None))))
    instance = objects.Instance(
        uuid=uuids.server, pci_requests=objects.InstancePCIRequests(
            requests=[_request(port=uuids.port), _request(alias='a1')]))
    assert ours.check_can_live_migrate_destination(
        None, instance, 'source', 'destination', block_migration=True) == (
            (None, instance, 'source', 'destination'),
            {'block_migration': True})
    assert calls == expected


def _request(port=None, alias=None):
    return objects.InstancePCIRequest(
        count=1, spec=[{}], requester_id=port, alias_name=alias)
