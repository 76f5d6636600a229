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

"""SriovCapacityFilter between Nova's real request and host objects."""

import logging

import hypothesis
from hypothesis import strategies as st
from nova import objects
from nova.scheduler import filters as nova_filters
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.scheduler import filters
from tests.unit.scheduler import pools as given
from tests.unit.scheduler.hosts import host
from tests.unit.scheduler.hosts import request

PATH = 'nova_sriov_ext.scheduler.filters.SriovCapacityFilter'


def passed(hosts, spec):
    found = filters.SriovCapacityFilter().filter_all(hosts, spec)
    return [state.host for state in found]


@pytest.fixture
def hosts():
    return [host('full', given.pool(0, physical_network='a')),
            host('other', given.pool(2, physical_network='b')),
            host('free', given.pool(2, physical_network='a')),
            host('none')]


A_PORT = given.port_request(physical_network='a')


@pytest.mark.parametrize('requests, names', [
    ([], ['full', 'other', 'free', 'none']),
    ([A_PORT], ['free']),
    ([A_PORT, A_PORT], ['free']),
    ([A_PORT, A_PORT, A_PORT], []),
    ([A_PORT, given.port_request(physical_network='b')], []),
])
def test_passes_hosts_that_have_what_is_asked(conf, hosts, requests, names):
    assert passed(hosts, request(*requests)) == names


def test_a_request_without_pci_part_passes_everywhere(conf, hosts):
    """A flavor without alias on a port that is not SR-IOV, and request
    specs of old releases."""
    for spec in (objects.RequestSpec(instance_uuid=uuids.server),
                 objects.RequestSpec(instance_uuid=uuids.server,
                                     pci_requests=None)):
        assert len(passed(hosts, spec)) == len(hosts)


def test_a_host_that_never_reported_has_no_stats(conf, hosts, caplog):
    """Nova sets them with the first update of a host state."""
    asked = A_PORT, given.alias_request(specs=[{'vendor_id': '15b3'}])
    for state in hosts:
        del state.stats
    assert passed(hosts, request(A_PORT)) == ['free']
    assert passed(hosts, request(*asked)) == ['free']
    assert 'Traceback' not in caplog.text


def test_a_rebuild_stays_where_it_is(conf, hosts):
    spec = request(A_PORT, hints={'_nova_check_type': ['rebuild']})
    assert len(passed(hosts, spec)) == len(hosts)


def test_one_line_tells_why_no_host_is_left(conf, hosts, caplog):
    caplog.set_level(logging.INFO)
    asked = [given.port_request(f'port{n}', physical_network='a')
             for n in range(3)]
    assert passed([*hosts, host('empty')], request(*asked)) == []
    lines = [r.getMessage() for r in caplog.records
             if r.levelno == logging.INFO]
    assert lines == [
        f'No host has the SR-IOV devices of server {uuids.server}: '
        'none_free on 2 host(s), e.g. other: a: 1 VF requested, none free '
        '(port port0); '
        'no_pci_devices on 2 host(s), e.g. empty: the host reports no free '
        'PCI devices; '
        'too_few_free on 1 host(s), e.g. free: a: 3 VFs requested, 2 free '
        '(port port2)']


def test_it_is_silent_while_a_host_is_left(conf, hosts, caplog):
    caplog.set_level(logging.INFO)
    assert passed(hosts, request(A_PORT)) == ['free']
    assert passed([], request(A_PORT)) == []
    assert not caplog.records


JUNK = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | \
    st.floats() | st.lists(st.integers(), max_size=2)
BROKEN_POOL = JUNK | st.dictionaries(
    st.sampled_from(('count', 'dev_type', 'physical_network',
                     'remote_managed', 'vendor_id', 'trusted')), JUNK)
BROKEN_STATS = st.none() | st.lists(BROKEN_POOL, max_size=3) | JUNK


@hypothesis.settings(max_examples=400)
@hypothesis.given(BROKEN_STATS)
def test_broken_pools_never_raise(pools):
    """An exception in a filter fails every request of the cloud."""
    broken = host('broken')
    if pools is None:
        broken.pci_stats = None
    else:
        broken.pci_stats.pools = pools
    sound = host('sound', given.pool(2, physical_network='a'))
    asked = [A_PORT, given.alias_request(specs=[{'vendor_id': '15b3'}])]
    assert 'sound' in passed([broken, sound], request(*asked))


@pytest.mark.parametrize('spec, names', [
    (request(objects.InstancePCIRequest()), ['none']),
    (objects.RequestSpec(pci_requests=objects.InstancePCIRequests()),
     ['none']),
    # Stock refuses every host then, and so does the claim.
    (request(objects.InstancePCIRequest(count=1, spec=[])), []),
    (objects.RequestSpec(
        pci_requests=objects.InstancePCIRequests(requests=[A_PORT])), []),
], ids=['empty request', 'no requests', 'no spec', 'no uuid'])
def test_broken_requests_never_raise(conf, spec, names):
    """What cannot be read is no reason to refuse a host; the claim there
    has the last word."""
    assert passed([host('none')], spec) == names


def test_novas_loader_finds_it(conf, hosts):
    """As HostManager does with the README's nova.conf."""
    handler = nova_filters.HostFilterHandler()
    available = {cls.__name__: cls for cls in handler.get_matching_classes(
        ['nova.scheduler.filters.all_filters', PATH])}
    assert available['SriovCapacityFilter'] is filters.SriovCapacityFilter
    assert 'PciPassthroughFilter' in available
    found = handler.get_filtered_objects(
        [available['SriovCapacityFilter']()], hosts, request(A_PORT))
    assert [state.host for state in found] == ['free']
