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
"""What a person meant, and what nova.conf says."""

import json
import pathlib
import subprocess
import sys

import pytest

from tests.unit.cmd import script

DRIVER = '[DEFAULT]\ncompute_driver = sriov_ext.SriovLibvirtDriver\n'
SPEC = '{"address": "0000:03:00.*", "physical_network": "a"}'


@pytest.fixture
def failures(tmp_path):
    """A function: text of a nova.conf → details of what fails, or is warned
    of."""
    def run(text, *more):
        path = tmp_path / 'nova.conf'
        path.write_text(text)
        result = script.run(
            '--config-file', path, *more, 'check', '-f', 'json')
        found = {row['check']: row['details'] or ''
                 for row in json.loads(result.out)['checks']
                 if row['result'] != 'success'}
        assert bool(result.status) == bool(found) and not result.err
        return {name: details.replace(str(tmp_path) + '/', '')
                for name, details in found.items()}
    return run


@pytest.mark.parametrize('text, check, words', [
    ('[sriov]\nclaim_polcy = assign\n', 'Options in nova.conf',
     'nova.conf, line 2: [sriov] has no option claim_polcy. Did you mean '
     'claim_policy?'),
    # oslo.config reads it with underscores only.
    ('[sriov]\n\nclaim-policy = assign\n', 'Options in nova.conf',
     'nova.conf, line 3: [sriov] has no option claim-policy. Did you'),
    ('[sriov]\nfrobnicate : 1\n', 'Options in nova.conf',
     'nova.conf, line 2: [sriov] has no option frobnicate'),
    ('[srivo]\nclaim_policy = assign\n', 'Options in nova.conf',
     'nova.conf, line 1: nobody reads [srivo]. Did you mean sriov?'),
    ('[os_vif_vflag]\nlag_polic = warn\n', 'Options in nova.conf',
     'line 2: [os_vif_vflag] has no option lag_polic. Did you mean lag_po'),
    ('[os_vif_vflag]\nlag_policy = magic\n', 'Options in nova.conf',
     'nova.conf, line 2: [os_vif_vflag]lag_policy: '),
    ('[sriov]\nreport_capacity = no\n#x\nreport_capacity = perhaps\n',
     'Options in nova.conf', 'nova.conf, line 4: [sriov]report_capacity: '),
    ('[sriov]\nvf_reserve = net2:4,net3:x\n', 'Options in nova.conf',
     "line 2: [sriov]vf_reserve: net3: 'x' is neither a number of VFs nor"),
    (f'[pci]\ndevice_spec = {{"address": oops}}\ndevice_spec = {SPEC}\n',
     'Devices in nova.conf',
     'nova.conf, line 2: [pci]device_spec {"address": oops}: '),
    ('[pci]\ndevice_spec = {"address": "*", "devname": "ens3"}\n',
     'Devices in nova.conf', 'nova.conf, line 2: [pci]device_spec {"address'),
    ('[DEFAULT]\ncompute_driver = sriov_ext.SriovLibvrtDriver\n',
     'Compute driver',
     'nova.conf, line 2: compute_driver sriov_ext.SriovLibvrtDriver is not '
     'known. Did you mean sriov_ext.SriovLibvirtDriver?'),
    ('[DEFAULT]\ncompute_driver = libvirt.LibvirtDriver\n[sriov]\n'
     'claim_policy = assign\n', 'Compute driver',
     'nova.conf, line 4: [sriov]claim_policy has no effect with '
     'compute_driver libvirt.LibvirtDriver. Set compute_driver to '
     'sriov_ext.SriovLibvirtDriver.'),
])
def test_what_is_wrong(failures, text, check, words):
    found = failures(text)
    assert list(found) == [check]
    assert words in found[check]


@pytest.mark.parametrize('text', [
    '', DRIVER,
    f'{DRIVER}[sriov]\nclaim_policy = assign\nvf_reserve = a:10%\n',
    '[DEFAULT]\ncompute_driver = fake.FakeDriver\n',
    '[database]\nsriovx = 1\n', '[os_vif_ovs]\novsdb_timeout = 5\n',
    # oslo.config reads groups in lower case.
    '[Sriov]\nclaim_policy = assign\n',
    # What is so anyway; as on the way back to stock.
    '[DEFAULT]\ncompute_driver = libvirt.LibvirtDriver\n[sriov]\n'
    'claim_in_placement = false\n',
    # What goes on with the value before is not an option.
    '[pci]\ndevice_spec = {},\n  {}\n[sriov]\n# x = 1\n'.format(
        *SPEC.split(', ')),
    '[sriov]\nvf_reserve = a:1,\n  b:2\n'])
def test_what_is_right(failures, text):
    assert failures(text) == {}


def test_files_of_a_folder(failures, tmp_path):
    folder = tmp_path / 'conf.d'
    folder.mkdir()
    (folder / '1.conf').write_text('[sriov]\nclaim_policy = magic\n')
    found = failures('[sriov]\nclaim_policy = assign\n',
                     '--config-file', folder / '1.conf')
    assert 'conf.d/1.conf, line 2: ' in found['Options in nova.conf']


def test_files_that_nova_compute_reads_by_itself(tmp_path, monkeypatch):
    """nova.conf, then nova-compute.conf, then the folders of both."""
    monkeypatch.setenv('HOME', str(tmp_path))
    files = ['.nova/nova.conf', '.nova/nova-compute.conf',
             '.nova/nova.conf.d/1.conf']
    for number, name in enumerate(files):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'[sriov]\nunknown{number} = 1\n')
    found = json.loads(script.run('check', '-f', 'json').out)['checks']
    for name in files:
        assert str(tmp_path / name) in found[0]['details']
        assert f'{tmp_path / name}, line 2: ' in found[1]['details']


def test_no_file_at_all(tmp_path):
    """It read nothing, and said that all is well."""
    result = script.run('check', '-f', 'json')
    first = json.loads(result.out)['checks'][0]
    if first['result'] == 'success':
        pytest.skip('this machine has a nova.conf')
    assert result.status == 2
    assert 'There is no nova.conf' in first['details']


def test_which_files_were_read(tmp_path):
    path = tmp_path / 'nova.conf'
    path.write_text('')
    found = json.loads(script.run(
        '--config-file', path, 'check', '-f', 'json').out)
    assert found['checks'][0]['details'] == f'Read: {path}'
    assert found['nova'][0].keys() == {
        'Part', 'How', 'Name in Nova', 'Expected', 'Holds'}


def test_the_documented_configuration_passes_oslos_validator(tmp_path):
    page = pathlib.Path(__file__).parents[3] / 'doc/source/configuration.rst'
    _, _, rest = page.read_text().partition('Compute hosts\n')
    block = [line[4:] for line in rest.partition('\n``null``')[0].splitlines()
             if line.startswith('    ') or not line]
    (tmp_path / 'nova.conf').write_text('\n'.join(block))
    done = subprocess.run(
        [sys.executable, '-m', 'oslo_config.validator',
         '--input-file', tmp_path / 'nova.conf',
         *(f'--namespace={name}' for name in (
             'nova_sriov_ext', 'os_vif_vflag')),
         # Nova's own options, of which this project is no judge.
         '--exclude-group', 'DEFAULT', '--exclude-group', 'pci'],
        capture_output=True, text=True, timeout=120, check=False)
    assert 'helper_command' in ''.join(block)
    assert (done.returncode, 'not found' in done.stderr) == (0, False), done
