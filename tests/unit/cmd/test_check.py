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

"""``nova-sriov check``."""

import nova.conf
from nova.pci import stats
from oslo_upgradecheck.upgradecheck import Code
import pytest

from nova_sriov_ext import conf as options
from nova_sriov_ext import nova_compat
from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import check
from nova_sriov_ext.cmd import publishing
from tests.unit.cmd import script

# As those of Nova are, whichever tests run before.
options.register(nova.conf.CONF)


@pytest.fixture
def checked(tmp_path):
    """A function: text of a nova.conf → the command's result."""
    def run(text):
        (tmp_path / 'nova.conf').write_text(text)
        return script.run('--config-file', tmp_path / 'nova.conf', 'check')
    return run


def test_all_well(checked):
    result = checked('[sriov]\nclaim_policy = assign\n')
    assert (result.status, result.err) == (0, '')
    titles = ['Files of nova.conf', 'Options in nova.conf',
              'Devices in nova.conf', 'Compute driver', 'Hosts in Placement',
              'VF-LAG of hosts',
              *(part.title for part in nova_compat.PARTS)]
    for name in titles:
        assert f'Check: {name} ' in result.out
    assert result.out.count('Result: Success') == len(titles)


def test_it_shows_what_is_private_in_nova(checked):
    result = checked('')
    line, = (line for line in result.out.splitlines()
             if 'PciDeviceStats._filter_pools ' in line)
    assert [cell.strip() for cell in line.strip('|').split('|')] == [
        'PCI claim', 'calls', 'nova.pci.stats.PciDeviceStats._filter_pools',
        '(pools, request, numa_cells, rp_uuids)', 'yes']


def test_an_option_with_a_wrong_value(checked):
    result = checked('[sriov]\nclaim_policy = magic\n')
    assert result.status == 2
    assert 'claim_policy' in result.out
    assert "'magic'" in result.out
    assert result.out.count('Result: Success') == (
        5 + len(nova_compat.PARTS))


def test_another_nova(monkeypatch):
    monkeypatch.delattr(stats.PciDeviceStats, '_filter_pools')
    result = check.part_works(None, nova_compat.CLAIM)
    assert result.code is Code.FAILURE
    assert "Nova's own PCI claim stays in place" in result.details
    assert 'PciDeviceStats._filter_pools' in result.details


def test_a_driver_that_nova_does_not_find(monkeypatch):
    monkeypatch.setattr(check, '_DRIVER', 'nova.virt.elsewhere')
    result = check.Checks()._driver()
    assert result.code is Code.WARNING
    assert 'start nova-sriov-compute' in result.details


ON = '[sriov]\nquery_placement = true\n'
LOST = 'compute1, compute2, compute2, stock1'


@pytest.fixture
def checks(monkeypatch):
    """A function: text of a nova.conf and hosts → what is checked of them.

    :returns: result, hosts
    """
    def run(conf, *hosts):
        monkeypatch.setattr(check.nova_conf, 'read', lambda _: conf.conf)
        monkeypatch.setattr(check.cells, 'prepare', lambda files: None)
        monkeypatch.setattr(check.publishing, 'of', _of)
        monkeypatch.setattr(check.cells, 'hosts', lambda: hosts)
        found = check.Checks()
        return found._search(), found.hosts
    return run


def _of(hosts, needs_modes):
    for host in hosts:
        if isinstance(host, Exception):
            raise host
    assert needs_modes is False
    return list(hosts)


READY = publishing.Host('one', 'cell', 'yes', {})
LOSING = publishing.Host('two', 'cell', 'no', {'a': 8})
SILENT = cells.DatabaseUnavailable('cell1 does not answer')


@pytest.mark.parametrize('is_on, filters, hosts, code, words', [
    (True, 'SriovCapacityFilter', [READY], 'SUCCESS', ''),
    (True, 'ComputeFilter', [READY], 'WARNING', 'has no effect'),
    (True, 'SriovCapacityFilter', [READY, LOSING], 'FAILURE',
     'does not find two; see below. Turn'),
    (True, 'SriovCapacityFilter', [SILENT], 'FAILURE', 'cell1 does not'),
    (False, 'ComputeFilter', [READY], 'SUCCESS', ''),
    (False, 'ComputeFilter', [LOSING], 'SUCCESS', 'Leave'),
    (False, 'ComputeFilter', [SILENT], 'SUCCESS', '')])
def test_whether_placement_finds_the_hosts(
        conf, checks, is_on, filters, hosts, code, words):
    conf.config(query_placement=is_on, group='sriov')
    conf.config(enabled_filters=[filters], group='filter_scheduler')
    conf.config(connection='sqlite://', group='api_database')
    result, found = checks(conf, *hosts)
    assert result.code is Code[code]
    assert words in (result.details or '')
    assert found == ([] if SILENT in hosts else hosts)


def test_a_compute_host_reads_no_database(conf, checks):
    result, found = checks(conf, LOSING)
    assert (result.code, result.details, found) == (Code.SUCCESS, None, [])


@pytest.fixture
def on_a_controller(cloud, tmp_path):
    """A function: more text of a nova.conf → the command's result."""
    def run(text):
        (tmp_path / 'more.conf').write_text(text)
        return script.run('--config-file', f'{cloud}/nova.conf',
                          '--config-file', tmp_path / 'more.conf', 'check')
    return run


def test_a_cloud_whose_hosts_do_not_publish(on_a_controller):
    result = on_a_controller(ON)
    assert (result.status, result.err) == (2, '')
    words = ' '.join(result.out.replace('|', ' ').split())
    assert f'Placement does not find {LOST}; see below.' in words
    rows = [tuple(cell.strip() for cell in line.split('|')[1:-1])
            for line in result.out.partition('Hosts with VFs')[2].splitlines()
            if line.startswith('|')]
    assert rows[1] == (
        'compute1', 'cell1', publishing._OFF,
        'not found for ports on physnet1 (12 VFs)')
    assert [row[:2] for row in rows[2:]] == [
        ('compute2', 'cell1'), ('compute2', 'cell2'), ('stock1', 'cell2')]
    assert rows[-1][2:] == (
        publishing._NO_REPORT, 'not found for ports on physnet2 (3 VFs)')


def test_such_a_cloud_that_does_not_search(on_a_controller):
    result = on_a_controller('')
    assert (result.status, result.err) == (0, '')
    assert f'would not find {LOST}' in ' '.join(
        result.out.replace('|', ' ').split())


def test_a_bond_that_has_lost_a_link():
    checks = check.Checks()
    checks.hosts = [READY, publishing.Host(
        'three', 'cell', 'yes', {}, lags={'a': 'degraded', 'b': 'inactive'})]
    result = checks._lags()
    assert result.code is Code.WARNING
    assert 'three: a degraded; three: b inactive. ' in result.details
    checks.hosts = [READY, LOSING]
    assert checks._lags().code is Code.SUCCESS
