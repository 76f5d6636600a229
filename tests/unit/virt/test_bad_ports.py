"""Ports that no host can serve: refused early, with port, value and limit."""

from nova import exception as nova_exception
from nova.network import model
import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import vif as sriov
from tests.unit.virt import vifs

NO_VLAN = 'is no VLAN id from 0 to 4094'
NO_SLOT = 'is no PCI address of the form 0000:03:00.2'

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
        vifs.vm_fex('a\nb'), r"'a\nb' is no printable text"),
    'profile id no text': (vifs.vm_fex(7), '7 is no printable text'),
    'profile id with markup': (
        vifs.vm_fex('a<b'), "'a<b' has one of < & ', which libvirt does"),
    'vlan 4095': (vifs.hw_veb('4095'), f"vlan '4095', which {NO_VLAN}"),
    'vlan -1': (vifs.hw_veb(-1), f'vlan -1, which {NO_VLAN}'),
    'vlan abc': (vifs.hw_veb('abc'), f"vlan 'abc', which {NO_VLAN}"),
    'vlan empty': (vifs.hw_veb(''), f"vlan '', which {NO_VLAN}"),
    'vlan None': (vifs.hw_veb(None), f'vlan None, which {NO_VLAN}'),
    'vlan absent': (vifs.vif('hw_veb'), f'vlan None, which {NO_VLAN}'),
    'vlan list': (vifs.hw_veb(['7']), f"vlan ['7'], which {NO_VLAN}"),
}

SLOTS = [None, '', 'abc', '03:00.2', '0000:03:00', '0000:03:20.0',
         '0000:03:00.8', '10000:03:00.2', '0000:03:00.2\n', ' 0000:03:00.2',
         '0000:03:00x2', 7, ['0000:03:00.2']]
KINDS = {'hw_veb': vifs.hw_veb, '802.1qbh': vifs.vm_fex,
         'switchdev': vifs.switchdev}
BAD |= {f'{name}, pci_slot {slot!r}': (
            kind(slot=slot), f'pci_slot {slot!r}, which {NO_SLOT}')
        for name, kind in KINDS.items() for slot in SLOTS}

each_bad = pytest.mark.parametrize(
    'vif, words', BAD.values(), ids=BAD.keys())


@pytest.fixture
def driver(conf):
    return sriov.SriovVIFDriver()


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


@each_bad
def test_plug(driver, vif, words):
    """When nova-compute starts it plugs the VIFs of running servers again,
    and takes no other error (ComputeManager._init_instance). Stock does
    nothing on the host for VIFs without representor, nor do we."""
    if vif['type'] != model.VIF_TYPE_OVS:
        driver.plug(vifs.INSTANCE, vif)
        return
    with pytest.raises(exception.InvalidPort) as caught:
        driver.plug(vifs.INSTANCE, vif)
    _check(caught, words)
    assert isinstance(
        caught.value, nova_exception.VirtualInterfacePlugException)


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
    here.vfs.set('enp3s0f0', 0, {'trust': 1})
    here.driver.unplug(
        vifs.INSTANCE, kind(slot=slot, profile={'trusted': True}))
    assert here.vfs.of('enp3s0f0')[0]['trust'] == 1


def test_unplug_of_hw_veb_looks_at_the_slot_only(machine):
    """What stock Nova once plugged, is unplugged, even with details that
    get_config would refuse today."""
    here = machine()
    here.vfs.set('enp3s0f0', 0, {'trust': 1})
    here.driver.unplug(vifs.INSTANCE,
                       vifs.hw_veb('4095', profile={'trusted': True}))
    assert here.vfs.of('enp3s0f0')[0]['trust'] == 0
