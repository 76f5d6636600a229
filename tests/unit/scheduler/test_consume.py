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

"""The scheduler's record of a host whose claim assigns the devices."""

from nova import exception
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import consume
from nova_sriov_ext.scheduler import requesters
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

PFS = ('0000:03:00.0', '0000:03:00.1')


@pytest.fixture
def record(conf):
    """:returns: HostState with pools of 3 and 2 VFs"""
    found = hosts.host('h1', given.pool(3, address='0000:03:00.0'),
                       given.pool(2, address='0000:03:00.1'),
                       claim='assign')
    consume.adapt(found)
    return found


def counts(record):
    return [pool['count'] for pool in record.pci_stats.pools]


def test_each_device_is_taken_once(record):
    record.pci_stats.apply_requests(
        [given.alias_request('a1', 1, [{'vendor_id': '15b3'}]),
         given.alias_request('a2', 1, [{'vendor_id': '15b3'}]),
         given.alias_request('a3', 2, [{'vendor_id': '15b3'}])], {})
    assert sum(counts(record)) == 1


def test_no_assignment_takes_nothing_and_names_the_requests(record):
    asked = [given.alias_request('first', 1, [{'vendor_id': '15b3'}]),
             given.alias_request('second', 5, [{'vendor_id': '15b3'}])]
    with pytest.raises(exception.PciDeviceRequestFailed, match='second'):
        record.pci_stats.apply_requests(asked, {})
    assert counts(record) == [3, 2]


def test_a_record_is_adapted_once(record):
    """HostState.update runs for every request of the scheduler."""
    there = record.pci_stats
    consume.adapt(record)
    assert record.pci_stats is there


def test_of_the_providers_that_placement_chose(record):
    for pool, provider in zip(record.pci_stats.pools, ('rp1', 'rp2'),
                              strict=True):
        pool['rp_uuid'] = provider
    asked = given.alias_request('a1', 2, [{'vendor_id': '15b3'}])
    asked.request_id = uuids.alias
    record.pci_stats.apply_requests(
        [asked], {f'{uuids.alias}-{number}': ['rp2'] for number in range(2)})
    assert counts(record) == [3, 0]


def test_from_the_pf_whose_mode_suits_the_port(conf, neutron):
    """As the host reports it, and Neutron tells of the port."""
    found = hosts.host('h1', *(
        given.pool(2, address=address, physical_network='a')
        for address in PFS), claim='assign', rows=[
            document.Row(address, 'a', 2, mode) for address, mode in zip(
                PFS, ('legacy', 'switchdev'), strict=True)])
    consume.adapt(found)
    neutron.add(uuids.port, hardware_offload_type='switchdev')
    spec = hosts.request(given.port_request(uuids.port, physical_network='a'))
    requesters.remember(None, spec)
    found.pci_stats.apply_requests(spec.pci_requests.requests, {})
    assert counts(found) == [2, 1]
