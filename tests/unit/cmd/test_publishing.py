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

"""Which hosts Placement finds, and what the others lose."""

import dataclasses
from unittest import mock

from nova import objects
import pytest

from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import publishing
from nova_sriov_ext.report import document

SWITCHDEV = document.Row('0000:03:00.0', 'a', 8, 'switchdev')
LEGACY = document.Row('0000:04:00.0', 'A b', 4, 'legacy')
UNKNOWN = document.Row('0000:05:00.0', 'a', 2)
TUNNELLED = document.Row('0000:06:00.0', None, 2, 'switchdev')


def host(*rows, **report):
    node = objects.ComputeNode(
        host='one', hypervisor_hostname='one', pci_device_pools=None,
        stats={document.STATS_KEY: document.write(
            document.Report(rows=rows, **report))})
    return cells.ComputeHost(mock.Mock(name='cell', uuid='u'), node)


def judged(*arguments, needs_modes=False, **report):
    """:returns: published, loss"""
    found = publishing.of([host(*arguments, **report)], needs_modes)
    return [(one.published, one.loss) for one in found]


YES = ('yes', 'found')


@pytest.mark.parametrize('needs_modes', [False, True])
def test_a_host_that_publishes_all(needs_modes):
    assert judged(SWITCHDEV, LEGACY, placement=True, placement_modes=True,
                  needs_modes=needs_modes) == [YES]


def test_a_host_that_publishes_nothing():
    assert judged(SWITCHDEV, LEGACY) == [(
        publishing._OFF,
        'not found for ports on A b (4 VFs), a (8 VFs)')]


@pytest.mark.parametrize('rows, modes, loss', [
    ((SWITCHDEV, LEGACY), False, 'A b (4 VFs), a (8 VFs)'),
    ((SWITCHDEV, UNKNOWN, LEGACY), True, 'a (10 VFs)')])
def test_a_host_that_does_not_publish_modes(rows, modes, loss):
    arguments = {'placement': True, 'placement_modes': modes}
    assert judged(*rows, **arguments) == [YES]
    assert judged(*rows, **arguments, needs_modes=True) == [(
        publishing._NO_MODES,
        f'not found for ports that require a mode on {loss}')]


def test_hosts_without_vfs_of_a_physnet():
    assert judged(TUNNELLED) == judged() == []


@pytest.mark.parametrize('lags, found', [
    (('active', 'none'), {}),
    (('active', 'degraded'), {'a': 'degraded'}),
    (('inactive', 'degraded'), {'a': 'inactive'})])
def test_the_worst_lag_of_a_physnet(lags, found):
    rows = [dataclasses.replace(SWITCHDEV, pf=f'0000:03:00.{number}', lag=lag)
            for number, lag in enumerate(lags)]
    assert [one.lags for one in publishing.of([host(*rows)], False)] == [found]
