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

"""Ports that no host can serve: refused early, with port, value and limit."""

import functools

from nova import exception as nova_exception
from nova.network import model
from nova.virt.libvirt import vif as stock
import pytest

from nova_sriov_ext import exception
from tests.unit.virt import vifs

NO_VLAN = 'is not a VLAN id from 0 to 4094'
NO_SLOT = 'is not a PCI address of the form 0000:03:00.2'

BAD = {
    'profile id empty': (vifs.vm_fex(''), 'port profile id is missing'),
    'profile id None': (vifs.vm_fex(None), 'port profile id is missing'),
    'profile id absent': (vifs.vif('802.1qbh'), 'port profile id is missing'),
    'profile id 40 bytes': (
        vifs.vm_fex('p' * 40),
        f"'{'p' * 40}' has 40 bytes, libvirt takes at most 39"),
    'profile id 20 characters, 40 bytes': (
        vifs.vm_fex('ä' * 20),
        f"'{'ä' * 20}' has 40 bytes, libvirt takes at most 39"),
    'profile id with a line break': (
        vifs.vm_fex('a\nb'), r"'a\nb' is not printable text"),
    'profile id no text': (vifs.vm_fex(7), '7 is not printable text'),
    'profile id with markup': (
        vifs.vm_fex('a<b'), "'a<b' has one of < & ', which libvirt does"),
    'vlan 4095': (vifs.hw_veb('4095'), f"vlan '4095', which {NO_VLAN}"),
    'vlan -1': (vifs.hw_veb(-1), f'vlan -1, which {NO_VLAN}'),
    'vlan abc': (vifs.hw_veb('abc'), f"vlan 'abc', which {NO_VLAN}"),
    'vlan empty': (vifs.hw_veb(''), f"vlan '', which {NO_VLAN}"),
    'vlan None': (vifs.hw_veb(None), f'vlan None, which {NO_VLAN}'),
    'vlan absent': (vifs.vif('hw_veb'), f'vlan None, which {NO_VLAN}'),
    'vlan with a fraction': (vifs.hw_veb(7.5), f'vlan 7.5, which {NO_VLAN}'),
    'vlan True': (vifs.hw_veb(True), f'vlan True, which {NO_VLAN}'),
    'vlan in Arabic digits': (
        vifs.hw_veb('\u0667'), f"vlan '\u0667', which {NO_VLAN}"),
    'trunk of none': (vifs.hw_veb([]), f'vlan [], which {NO_VLAN}'),
    'trunk with 4095': (
        vifs.hw_veb([7, 4095]), f'vlan [7, 4095], which {NO_VLAN}'),
    'vlan 4095 of a macvtap': (
        vifs.hw_veb('4095', vnic_type='macvtap'),
        f"vlan '4095', which {NO_VLAN}"),
    'managerid 256': (
        vifs.vepa(managerid=256),
        'binding:vif_details has managerid 256, which is not a number from 0 '
        'to 255'),
    'typeid 2^24': (
        vifs.vepa(typeid=2**24),
        'typeid 16777216, which is not a number from 0 to 16777215'),
    'typeidversion -1': (
        vifs.vepa(typeidversion=-1),
        'typeidversion -1, which is not a number from 0 to 255'),
    'managerid of the profile': (
        vifs.vepa(managerid=None, profile={'managerid': 'x'}),
        "binding:profile has managerid 'x', which is not a number from 0 to "),
    'typeid absent': (
        vifs.vif('802.1qbg', managerid=1),
        'typeid None, which is not a number'),
    'instanceid no UUID': (
        vifs.vepa(instanceid='gold'),
        "instanceid 'gold', which is not a UUID"),
    'instanceid absent': (
        vifs.vepa(instanceid=None), 'instanceid None, which is not a UUID'),
    'MAC of five bytes': (
        vifs.hw_veb(address='fa:16:3e:0a:ec'),
        "mac_address is 'fa:16:3e:0a:ec', which is not a MAC address of six"),
    'multicast MAC': (
        vifs.hw_veb(address='01:00:5e:00:00:01'),
        "mac_address is '01:00:5e:00:00:01', a multicast address, which "
        'libvirt refuses'),
    'broadcast MAC': (
        vifs.switchdev(address='FF:ff:ff:ff:ff:ff'),
        "mac_address is 'FF:ff:ff:ff:ff:ff', a multicast address"),
    'no MAC': (vifs.vm_fex(address=None), 'mac_address is None'),
    'unknown vnic type': (
        vifs.hw_veb(vnic_type='<b>'),
        "binding:vnic_type is '<b>', but ports of vif_type hw_veb have "
        'direct, macvtap'),
    'unknown vnic type of a PF': (
        vifs.vif('hostdev_physical', 'whole'),
        "binding:vnic_type is 'whole', but ports of vif_type "
        'hostdev_physical have direct-physical'),
}

BAD |= {f'802.1qbg {vnic_type}': (
            vifs.vepa(vnic_type=vnic_type),
            f"binding:vnic_type is '{vnic_type}', but ports of vif_type "
            '802.1qbg have direct, macvtap')
        for vnic_type in ('vdpa', 'normal', 'direct-physical',
                          'virtio-forwarder', 'accelerator-direct')}
BAD |= {f'{kind} {vnic_type} without a profile': (
            vifs.vif(kind, vnic_type, slot=None),
            f"binding:vnic_type is '{vnic_type}', but ports of vif_type "
            f'{kind} have')
        for kind, vnic_type in (
            ('ib_hostdev', 'macvtap'), ('hostdev_physical', 'direct'),
            ('hw_veb', 'vdpa'), ('802.1qbh', 'normal'))}

SLOTS = [None, '', 'abc', '03:00.2', '0000:03:00', '0000:03:20.0',
         '0000:03:00.8', '10000:03:00.2', '0000:03:00.2\n', ' 0000:03:00.2',
         '0000:03:00x2', 7, ['0000:03:00.2']]
KINDS = {'hw_veb': vifs.hw_veb, '802.1qbh': vifs.vm_fex,
         'switchdev': vifs.switchdev}
WITHOUT_REPRESENTOR = {
    'macvtap': functools.partial(vifs.hw_veb, vnic_type='macvtap'),
    '802.1qbg': vifs.vepa,
    'remote-managed': functools.partial(vifs.vif, 'ovs', 'remote-managed'),
    'whole PF': functools.partial(
        vifs.vif, 'hostdev_physical', 'direct-physical'),
    'InfiniBand': functools.partial(vifs.vif, 'ib_hostdev')}
BAD |= {f'{name}, pci_slot {slot!r}': (
            kind(slot=slot), f'pci_slot {slot!r}, which {NO_SLOT}')
        for name, kind in (KINDS | WITHOUT_REPRESENTOR).items()
        for slot in SLOTS}

BAD_IN_PLUG = {
    'MAC of five bytes': vifs.switchdev(address='fa:16:3e:0a:ec'),
    'MAC with a line break': vifs.switchdev(address=vifs.MAC + '\n'),
    'multicast MAC': vifs.switchdev(address='01:00:5e:00:00:01'),
    'multicast MAC of a VF in legacy mode': vifs.hw_veb(
        address='01:00:5e:00:00:01', profile={'trusted': True}),
    'multicast MAC of a macvtap': vifs.macvtap(address='33:33:00:00:00:01'),
    'multicast MAC of InfiniBand': vifs.infiniband(
        address='01:00:5e:00:00:01'),
    'datapath a list': vifs.switchdev(datapath_type=['netdev']),
    'datapath a number': vifs.switchdev(datapath_type=7),
    'MAC behind a DPU': vifs.vif('ovs', 'remote-managed', address='abc'),
}

PLUGGED = {('ovs', 'direct'), ('hw_veb', 'direct'), ('802.1qbh', 'direct')}

each_bad = pytest.mark.parametrize(
    'vif, words', BAD.values(), ids=BAD.keys())


def _check(caught, words):
    text = str(caught.value)
    assert text.startswith(f'Port {vifs.PORT}: ')
    assert words in text
    # Nova shows it as the server's fault and tries no other host
    # (ComputeManager._do_build_and_run_instance, BuildAbortException).
    assert isinstance(caught.value, nova_exception.InvalidInput)


@each_bad
def test_get_config(driver, vif, words):
    with pytest.raises(exception.InvalidPort) as caught:
        vifs.config(driver, vif)
    _check(caught, words)


@pytest.mark.parametrize('vif, words', [
    (vif, words) for vif, words in BAD.values()
    if (vif['type'], vif['vnic_type']) in PLUGGED], ids=[
    name for name, (vif, _) in BAD.items()
    if (vif['type'], vif['vnic_type']) in PLUGGED])
def test_plug_refuses_only_what_it_needs_itself(driver, vif, words):
    """When nova-compute starts it plugs the VIFs of running servers again,
    and takes no other error (ComputeManager._init_instance). Stock does
    nothing on the host for VIFs without representor; we look at the MAC,
    which a running server cannot have that is refused here."""
    if vif['type'] != model.VIF_TYPE_OVS and 'mac_address' not in words or (
            vif['address'] is None):
        driver.plug(vifs.INSTANCE, vif)
        return
    with pytest.raises(exception.InvalidPort) as caught:
        driver.plug(vifs.INSTANCE, vif)
    _check(caught, words)


@pytest.mark.parametrize('vif', BAD_IN_PLUG.values(), ids=BAD_IN_PLUG)
def test_nothing_is_changed(machine, plugins, vif):
    """An interface that is attached is plugged before get_config is asked
    (LibvirtDriver.attach_interface). It can be unplugged all the same."""
    here = machine()
    before = dict(here.vf)
    with pytest.raises(exception.InvalidPort) as caught:
        here.driver.plug(vifs.INSTANCE, vif)
    assert f'Port {vifs.PORT}: ' in str(caught.value)
    assert here.vf == before
    assert not any(plugin.plugged for plugin in plugins.values())
    for plugin in plugins.values():
        plugin.plugged[vifs.PORT] = None
    here.driver.unplug(vifs.INSTANCE, vif)


@pytest.mark.parametrize('method', ['plug', 'unplug'])
def test_what_only_stock_nova_would_plug(driver, monkeypatch, method):
    """It takes a binding for granted that this port does not have."""
    def missing(self, instance, vif):
        raise KeyError('pci_slot')
    monkeypatch.setattr(stock.LibvirtGenericVIFDriver, method, missing)
    with pytest.raises(exception.InvalidPort, match=vifs.PORT):
        getattr(driver, method)(vifs.INSTANCE, vifs.hw_veb(vnic_type='vdpa'))
    with pytest.raises(KeyError):
        getattr(driver, method)(
            vifs.INSTANCE, vifs.vif('ovs', 'normal', None, bridge='br-int'))


@pytest.mark.parametrize('name', ['details', 'profile'])
def test_unplug_of_a_port_that_is_bound_no_longer(machine, plugins, name):
    here, vif = machine(), vifs.switchdev()
    plugins['vflag'].plugged[vifs.PORT] = None
    vif[name] = None
    here.driver.unplug(vifs.INSTANCE, vif)
    assert not plugins['vflag'].plugged
    assert vif[name] is None


def test_no_profile_at_all(driver):
    """A port that was never bound, or is no longer."""
    vif = vifs.switchdev()
    vif['profile'] = None
    with pytest.raises(exception.InvalidPort, match='pci_slot None'):
        driver.plug(vifs.INSTANCE, vif)


@pytest.mark.parametrize('kind', [vifs.hw_veb, vifs.vm_fex],
                         ids=['hw_veb', '802.1qbh'])
@pytest.mark.parametrize('slot', SLOTS)
def test_unplug_of_what_cannot_be_plugged(machine, kind, slot):
    """Nova cleans up after a failed plug; an error there would hide it, and
    no other VF may be touched. Trusted makes stock look for the VF."""
    here = machine()
    here.vfs.set('enp3s0f0np0', 0, {'trust': 1})
    here.driver.unplug(
        vifs.INSTANCE, kind(slot=slot, profile={'trusted': True}))
    assert here.vfs.of('enp3s0f0np0')[0]['trust'] == 1


def test_unplug_of_hw_veb_looks_at_the_slot_only(machine):
    """What stock Nova once plugged, is unplugged, even with details that
    get_config would refuse today."""
    here = machine()
    here.vfs.set('enp3s0f0np0', 0, {'trust': 1})
    here.driver.unplug(vifs.INSTANCE,
                       vifs.hw_veb('4095', profile={'trusted': True}))
    assert here.vfs.of('enp3s0f0np0')[0]['trust'] == 0
