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

"""VIF objects that the plugin refuses before it touches the host."""

import os_vif.objects
from os_vif.objects import fields
from os_vif.objects import instance_info
from os_vif.objects import network
from os_vif.objects import vif as osv_vif
from oslo_config import cfg
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from os_vif_vflag import conf
from os_vif_vflag import exception
from os_vif_vflag import vflag
from os_vif_vflag.ovs import client
from os_vif_vflag.ovs import streams

os_vif.objects.register_all()

SERVER = instance_info.InstanceInfo(uuid=uuids.server, name='server')


@pytest.fixture
def plugin():
    """With an ovsdb-server that nobody could reach: a check that lets
    something through fails there."""
    options = cfg.ConfigOpts()
    options.register_opts(conf.OPTS, group=conf.GROUP)
    options([], default_config_files=[])
    options.set_override('ovsdb_connection', 'unix:/nonexistent',
                         group=conf.GROUP)
    options.set_override('ovsdb_timeout', 1, group=conf.GROUP)
    return vflag.VFLagPlugin(options[conf.GROUP])


def profile(**values):
    return osv_vif.VIFPortProfileOVSRepresentor(
        **{'interface_id': uuids.port} | values)


def vif(without=None, **changed):
    whole = {
        'id': uuids.port, 'address': 'fa:16:3e:0a:ec:e7',
        'dev_address': '0000:03:00.2',
        'dev_type': fields.VIFHostDeviceDevType.ETHERNET, 'plugin': 'vflag',
        'network': network.Network(id=uuids.net, bridge='br-int'),
        'port_profile': profile()} | changed
    whole.pop(without, None)
    return osv_vif.VIFHostDevice(**whole)


BAD = {
    'no VIF of a host device': (
        osv_vif.VIFOpenVSwitch(id=uuids.port),
        'it is not a VIFHostDevice or VIFVHostUser'),
    'no PCI address': (vif('dev_address'), 'it has no PCI address'),
    'no MAC': (vif('address'), 'it has no MAC address'),
    'no network': (vif('network'), 'it has no network'),
    'no bridge': (
        vif(network=network.Network(id=uuids.net)),
        'its network has no bridge'),
    'empty bridge': (
        vif(network=network.Network(id=uuids.net, bridge='')),
        'its network has no bridge'),
    'no profile': (
        vif('port_profile'), 'it has no Open vSwitch port profile'),
    'a profile of another switch': (
        vif(port_profile=osv_vif.VIFPortProfileFPBridge()),
        'it has no Open vSwitch port profile'),
    'a bridge name with a space': (
        vif(network=network.Network(id=uuids.net, bridge='br int')),
        'a name that no network device can have'),
    'MTU -1': (
        vif(network=network.Network(id=uuids.net, bridge='br-int', mtu=-1)),
        'MTU is not between 68 and 65535'),
    'MTU 70000': (
        vif(network=network.Network(id=uuids.net, bridge='br-int',
                                    mtu=70000)),
        'MTU is not between 68 and 65535'),
    'an unknown datapath': (
        vif(port_profile=profile(datapath_type='psychic')),
        'neither system nor netdev'),
    'vhost without a path': (
        osv_vif.VIFVHostUser(id=uuids.port, port_profile=profile()),
        'it has no path of a socket'),
    'no interface id': (
        vif(port_profile=osv_vif.VIFPortProfileOpenVSwitch()),
        'its port profile has no interface id'),
}


# Without these no port can be found, so not even an unplug is possible.
NOT_FOUND = ('no VIF of a host device', 'no profile',
             'a profile of another switch', 'no interface id')


def refused(call, bad, problem):
    with pytest.raises(exception.InvalidVif) as caught:
        call(bad, SERVER)
    text = str(caught.value)
    assert problem in text
    assert text.startswith(f'Port {bad.id} ')
    assert 'Give it a VIFHostDevice' in text
    return True


@pytest.mark.parametrize('bad, problem', BAD.values(), ids=BAD.keys())
def test_plug_refused(plugin, bad, problem):
    assert refused(plugin.plug, bad, problem)


@pytest.mark.parametrize('name', BAD)
def test_unplug_refused_only_where_no_port_can_be_found(plugin, name):
    bad, problem = BAD[name]
    if name in NOT_FOUND:
        assert refused(plugin.unplug, bad, problem)
    else:
        # As far as ovsdb-server, which does not answer here.
        with pytest.raises(exception.UnplugFailed, match='ovsdb-server at'):
            plugin.unplug(bad, SERVER)


@pytest.mark.parametrize('field, problem', [
    ('id', 'it has no id'), ('dev_address', 'it has no PCI address'),
    ('address', 'it has no MAC address'), ('network', 'it has no network'),
    ('port_profile', 'it has no Open vSwitch port profile')])
@pytest.mark.parametrize('value', [None, '', 7], ids=repr)
def test_of_the_wrong_type(plugin, field, problem, value):
    """os-vif coerces what is assigned, not what is there already."""
    bad = vif()
    setattr(bad, f'_obj_{field}', value)
    with pytest.raises(exception.InvalidVif, match=problem):
        plugin.plug(bad, SERVER)


def test_a_server_without_a_uuid(plugin):
    with pytest.raises(exception.InvalidVif) as caught:
        plugin.plug(vif(), instance_info.InstanceInfo(name='server'))
    for part in (f'Port {uuids.port}', 'VF 0000:03:00.2',
                 ': its server has no uuid.'):
        assert part in str(caught.value)


@pytest.mark.parametrize('method', ['plug', 'unplug'])
def test_a_vif_without_an_id_is_named_unknown(plugin, method):
    with pytest.raises(exception.InvalidVif, match='^Port unknown .*cannot'):
        getattr(plugin, method)(osv_vif.VIFOpenVSwitch(), SERVER)


def test_the_bad_ones_differ_from_a_good_one(plugin):
    """This one gets as far as the host, which lacks the VF."""
    with pytest.raises(exception.PlugFailed) as caught:
        plugin.plug(vif(dev_address='ffff:ff:1f.7'), SERVER)
    for part in (uuids.port, 'no VF ffff:ff:1f.7', 'device_spec'):
        assert part in str(caught.value)


def test_what_the_plugin_says_it_handles(plugin):
    info = plugin.describe()
    assert info.plugin_name == 'vflag'
    profiles = {'VIFPortProfileOpenVSwitch', 'VIFPortProfileOVSRepresentor'}
    assert {
        described.vif_object_name: {
            p.profile_object_name for p in described.supported_port_profiles}
        for described in info.vif_info} == dict.fromkeys(
            ('VIFHostDevice', 'VIFVHostUser'), profiles)
    for described in info.vif_info:
        for one, name in ((described, described.vif_object_name), *(
                (p, p.profile_object_name)
                for p in described.supported_port_profiles)):
            assert one.min_version == '1.0'
            assert one.max_version == getattr(osv_vif, name).VERSION


@pytest.mark.parametrize('nothing', [None, 'a VIF', 7])
def test_what_is_no_vif_at_all(plugin, nothing):
    for method in plugin.plug, plugin.unplug:
        with pytest.raises(exception.InvalidVif, match='^Port unknown '):
            method(nothing, SERVER)


def test_the_files_for_tls_come_from_the_options(monkeypatch):
    options = cfg.ConfigOpts()
    options.register_opts(conf.OPTS, group=conf.GROUP)
    options([], default_config_files=[])
    options.set_override('ssl_key_file', '/key', group=conf.GROUP)
    found = []
    monkeypatch.setattr(client, 'OvsDb', lambda *args: found.append(args))
    vflag.VFLagPlugin(options[conf.GROUP])
    assert found[0][-1] == streams.TlsFiles(ssl_key_file='/key')
