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

from nova.pci import stats
from oslo_upgradecheck.upgradecheck import Code
import pytest

from nova_sriov_ext import nova_compat
from nova_sriov_ext.cmd import check
from tests.unit.cmd import script


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
    titles = ['Options in nova.conf', 'Compute driver',
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
        1 + len(nova_compat.PARTS))


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
