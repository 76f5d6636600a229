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

"""Options are what oslo.config's own generator and parser take."""

import importlib.metadata

from oslo_config import cfg
from oslo_config import generator
import pytest

from nova_sriov_ext import conf as nova_conf
from os_vif_vflag import conf as vflag_conf

MODULES = {'nova_sriov_ext': nova_conf, 'os_vif_vflag': vflag_conf}


def _registered():
    conf = cfg.ConfigOpts()
    for module in MODULES.values():
        for group, options in module.list_opts():
            conf.register_opts(options, group=group)
    return conf


@pytest.fixture
def sample(tmp_path):
    """:returns: path of what oslo-config-generator writes"""
    known = importlib.metadata.entry_points(group='oslo.config.opts').names
    if not known >= MODULES.keys():
        pytest.skip('this project is not installed here')
    path = tmp_path / 'sample.conf'
    generator.main([f'--namespace={name}' for name in MODULES]
                   + [f'--output-file={path}'])
    return path


def test_the_generator_writes_every_option(sample):
    text = sample.read_text()
    for module in MODULES.values():
        assert f'[{module.GROUP}]' in text
        for option in module.OPTS:
            assert f'\n#{option.dest} =' in text
            assert option.help.strip(), f'{option.name} has no help'


def test_the_sample_states_the_defaults(sample, tmp_path):
    """Uncommented, it configures what no file at all does."""
    lines = [line.lstrip('#') if ' = ' in line and not line.startswith('# ')
             and '<None>' not in line    # how it writes that there is none
             else line for line in sample.read_text().splitlines()]
    full = tmp_path / 'full.conf'
    full.write_text('\n'.join(lines))
    read, empty = _registered(), _registered()
    read(['--config-file', str(full)])
    empty([], default_config_files=[])
    for module in MODULES.values():
        for option in module.OPTS:
            name = option.dest
            assert read[module.GROUP][name] == empty[module.GROUP][name]


@pytest.mark.parametrize('group, line', [
    ('sriov', 'representor_plugin = ovsdb'),
    ('sriov', 'report_capacity = perhaps'),
    ('os_vif_vflag', 'ovsdb_timeout = 0'),
    ('os_vif_vflag', 'ovsdb_timeout = soon'),
    ('os_vif_vflag', 'network_device_mtu = 67'),
    ('os_vif_vflag', 'network_device_mtu = 65536'),
])
def test_wrong_values_name_the_option(tmp_path, group, line):
    path = tmp_path / 'nova.conf'
    path.write_text(f'[{group}]\n{line}\n')
    conf = _registered()
    conf(['--config-file', str(path)])
    name = line.split()[0]
    with pytest.raises(cfg.ConfigFileValueError, match=name):
        conf[group][name]


def test_settings_of_os_vifs_ovs_plugin_can_be_copied(tmp_path):
    """[os_vif_ovs] names and, of our own, its old name for the timeout."""
    path = tmp_path / 'nova.conf'
    path.write_text('[os_vif_vflag]\novs_vsctl_timeout = 7\n'
                    'ovsdb_connection = unix:/run/db.sock\n'
                    'network_device_mtu = 9000\n')
    conf = _registered()
    conf(['--config-file', str(path)])
    assert (conf.os_vif_vflag.ovsdb_timeout,
            conf.os_vif_vflag.ovsdb_connection,
            conf.os_vif_vflag.network_device_mtu) == (
        7, 'unix:/run/db.sock', 9000)
