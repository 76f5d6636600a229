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

"""What of Nova's scheduler is replaced, when, and for which hosts."""

import logging

from nova import objects
from nova.pci import stats
from nova.scheduler import host_manager
from nova.scheduler import request_filter
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.scheduler import consume
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import host_records
from nova_sriov_ext.scheduler import requesters
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given


def node(claim):
    return hosts.node('host', [given.pool()], hosts.stats(claim=claim))


def state(claim):
    found = host_manager.HostManager.host_state_cls(
        None, 'host', 'host', uuids.cell)
    found.update(node(claim))
    return found


def test_only_the_filter_replaces(conf):
    assert host_manager.HostState is host_records.STOCK
    filters.SriovCapacityFilter()
    filters.SriovCapacityFilter()
    assert host_manager.HostState is host_records.HostRecord
    assert request_filter.ALL_REQUEST_FILTERS.count(requesters.remember) == 1


@pytest.mark.parametrize('claim, kind', [
    (None, stats.PciDeviceStats), ('assign', consume.SchedulerPciStats)])
def test_stock_hosts_keep_novas_stats(conf, claim, kind):
    filters.SriovCapacityFilter()
    found = state(claim)
    assert type(found.pci_stats) is kind
    assert [pool['count'] for pool in found.pci_stats.pools] == [1]
    # As for the next server of the same cloud.
    found.update(node('assign' if claim is None else None))
    assert type(found.pci_stats) is not kind


def test_a_host_that_never_reported(conf):
    filters.SriovCapacityFilter()
    found = host_manager.HostState('host', 'host', uuids.cell)
    found.update(objects.ComputeNode(uuid=uuids.node))
    assert found.pci_stats is None


def _renamed(monkeypatch):
    monkeypatch.delattr(host_records.STOCK, '_update_from_compute_node')


def _another_place(monkeypatch):
    monkeypatch.setattr(host_manager.HostManager, 'host_state_cls',
                        lambda self, host, node, cell, **kwargs: None)


def _someone_elses(monkeypatch):
    monkeypatch.setattr(host_manager, 'HostState',
                        type('Other', (host_records.STOCK,), {}))


@pytest.mark.parametrize('drift, words', [
    (_renamed, 'HostState._update_from_compute_node does not take compute'),
    (_another_place, 'HostManager.host_state_cls does not use HostState'),
    (_someone_elses, 'Other stands for nova.scheduler.host_manager.Host')])
def test_drift_leaves_novas_own(conf, monkeypatch, caplog, drift, words):
    drift(monkeypatch)
    there = host_manager.HostState
    with caplog.at_level(logging.ERROR):
        filters.SriovCapacityFilter()
    assert host_manager.HostState is there
    assert words in caplog.text


def test_a_pf_and_its_vfs_exclude_each_other(conf):
    """Also when several servers are scheduled at once."""
    vf, pf = (given.pool(count, address='0000:03:00.0', dev_type=kind,
                         physical_network='a')
              for count, kind in ((2, 'type-VF'), (1, 'type-PF')))
    state = hosts.host('host', vf, pf, claim='assign')
    consume.adapt(state)
    state.pci_stats.apply_requests(
        [given.port_request(physical_network='a')], {})
    assert {pool['dev_type']: pool['count']
            for pool in state.pci_stats.pools} == {
                'type-VF': 1, 'type-PF': 0}


def test_no_reserve_keeps_a_server_from_its_own_host(conf):
    conf.config(group='sriov', vf_reserve={'a': '1'})
    state = hosts.host('host', given.pool(1, physical_network='a'))
    demand = gather.of_spec(hosts.request(
        given.port_request(physical_network='a')))
    assert filters.judge(state, demand).reason == reasons.RESERVED
    state.instances = {uuids.server: None}
    assert filters.judge(state, demand) is None
