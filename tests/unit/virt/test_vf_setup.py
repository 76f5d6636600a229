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

"""What plug leaves on the VF, and that unplug takes it back."""

import pytest

from nova_sriov_ext import exception
from os_vif_vflag.host import errors
from os_vif_vflag.host import vf_settings
from tests.sim import vfs as sim_vfs
from tests.unit.virt import vifs

MAC_AND_VLAN = {'mac': vifs.MAC, 'vlan': {'vlan': 100, 'qos': 0}}
OWN = 'fa:16:3e:00:00:01'
AVERAGE, PEAK = 'quota:vif_outbound_average', 'quota:vif_outbound_peak'


def rate(maximum, minimum=0):
    return {'rate': {'min_tx_rate': minimum, 'max_tx_rate': maximum}}


CASES = {
    'hw_veb': (vifs.hw_veb(), {}, {}),
    'trusted': (vifs.hw_veb(profile={'trusted': 'true'}), {}, {'trust': 1}),
    'not trusted': (vifs.hw_veb(profile={'trusted': 'false'}), {}, {}),
    'macvtap': (vifs.macvtap(), {}, MAC_AND_VLAN),
    'macvtap flat': (vifs.macvtap(0), {}, {'mac': vifs.MAC}),
    'average': (vifs.hw_veb(), {AVERAGE: '125000'}, rate(1000)),
    'rounded up': (vifs.hw_veb(), {AVERAGE: '1'}, rate(1)),
    'peak': (vifs.hw_veb(), {AVERAGE: '12500', PEAK: '125000'},
             rate(1000, 100)),
    'peak alone': (vifs.hw_veb(), {PEAK: '125000'}, rate(1000)),
    'no limit': (vifs.hw_veb(), {AVERAGE: '0'}, {}),
    'all at once': (vifs.hw_veb(profile={'trusted': True}),
                    {AVERAGE: '125000'}, rate(1000) | {'trust': 1}),
    'vm_fex average': (vifs.vm_fex(), {AVERAGE: '125000'}, rate(1000)),
}

each_case = pytest.mark.parametrize(
    'vif, specs, expected', CASES.values(), ids=CASES)


@each_case
def test_plug_and_unplug(machine, vif, specs, expected):
    here, server = machine(), vifs.limited(**specs)
    here.driver.plug(server, vif)
    assert here.vf == sim_vfs.NEW_ETHERNET | expected
    assert len(here.vfs.requests) == bool(expected)
    here.driver.unplug(server, vif)
    assert here.vf == sim_vfs.NEW_ETHERNET


@each_case
def test_what_is_set_already_is_not_set_again(machine, vif, specs, expected):
    """Setting again what is so would reset the VF under a running guest."""
    here, server = machine(), vifs.limited(**specs)
    for method in here.driver.plug, here.driver.unplug:
        method(server, vif)
        before = here.vf, len(here.vfs.requests)
        method(server, vif)
        assert (here.vf, len(here.vfs.requests)) == before


def test_only_its_own_vf(machine):
    here = machine()
    here.driver.plug(vifs.INSTANCE, vifs.macvtap())
    others = [settings for number, settings
              in here.vfs.of('enp3s0f0np0').items() if number != 0]
    assert len(others) == 3
    assert all(settings == sim_vfs.NEW_ETHERNET for settings in others)


def test_the_uplink_among_representors(machine):
    """Stock Nova takes the last of the PF's folder ``net``, whatever it is
    (nova.pci.utils.get_ifname_by_pci_address)."""
    pf = machine().host.pf('0000:03:00.0')
    here = machine(pf=pf.__class__('0000:03:00.0', 'enp3s0f0np0',
                                   vf_offset=2, representor='a{vf}'))
    here.driver.plug(vifs.INSTANCE, vifs.macvtap())
    assert [uplink for uplink, *_ in here.vfs.requests] == ['enp3s0f0np0']


def test_macvtap_netdev(machine):
    here = machine()
    here.driver.plug(vifs.INSTANCE, vifs.macvtap(0))
    assert here.vfs.netdev('enp3s0f0v0') == (vifs.MAC, True)
    here.driver.unplug(vifs.INSTANCE, vifs.macvtap(0))
    assert here.vfs.netdev('enp3s0f0v0') == (vifs.MAC, False)


def test_macvtap_where_the_pf_alone_sets_the_mac(machine):
    """The VF's netdev takes it from igb's PF when it goes down and up."""
    here = machine('igb')
    for _ in range(2):
        here.driver.plug(vifs.INSTANCE, vifs.macvtap(0))
        assert here.vfs.netdev('enp3s0f0v0') == (vifs.MAC, True)
    here.driver.unplug(vifs.INSTANCE, vifs.macvtap(0))
    assert here.vfs.netdev('enp3s0f0v0') == (vifs.MAC, False)
    here.vfs.set_netdev('enp3s0f0v0', OWN)


@pytest.mark.parametrize('state', ['up', 'down'])
def test_a_netdev_that_never_gets_the_mac_stays_as_it_was(
        machine, monkeypatch, state):
    here = machine('igb')
    here.vfs.set_netdev('enp3s0f0v0', OWN)
    here.vfs.set_netdev('enp3s0f0v0', state=state)
    monkeypatch.setattr(here.vfs, '_reset', lambda name: None)
    with pytest.raises(exception.VifOperationFailed, match='enp3s0f0v0'):
        here.driver.plug(vifs.INSTANCE, vifs.macvtap(0))
    assert here.vfs.netdev('enp3s0f0v0') == (OWN, state == 'up')


def test_a_mac_that_nobody_set_is_put_back_as_none(machine):
    """igb reports the one that a VF gave itself; set by the PF, the VF could
    not change it any more."""
    here = machine('igb')
    here.vfs.set_netdev('enp3s0f0v0', OWN)
    assert here.vf['mac'] == OWN
    put_back = vf_settings.apply(
        here.driver._machine, vifs.SLOT, {'mac': vifs.MAC})
    put_back()
    here.vfs.set_netdev('enp3s0f0v0', vifs.MAC)
    assert here.vf['mac'] == vifs.MAC


@pytest.mark.parametrize('before', [OWN, 'fa:16:3e:00:00:02'])
def test_a_mac_is_put_back_where_the_driver_takes_no_none(
        machine, monkeypatch, before):
    """qede refuses 00:00:00:00:00:00 (qede_set_vf_mac)."""
    here = machine()
    here.vfs.set_netdev('enp3s0f0v0', OWN)
    here.vfs.set('enp3s0f0np0', 0, {'mac': before})
    check = here.vfs._check

    def refuse(uplink, number, name, value):
        if value == vf_settings.NO_MAC:
            raise OSError(22, 'Invalid argument')
        check(uplink, number, name, value)
    monkeypatch.setattr(here.vfs, '_check', refuse)
    put_back = vf_settings.apply(
        here.driver._machine, vifs.SLOT, {'mac': vifs.MAC, 'trust': 1})
    put_back()
    assert here.vf == sim_vfs.NEW_ETHERNET | {'mac': before}


def refusing(here, monkeypatch, *names):
    """From now on the driver of the PF refuses these settings."""
    def refuse(uplink, number, name, value):
        if name in names or value in names:
            raise OSError(16, 'busy')
    monkeypatch.setattr(here.vfs, '_check', refuse)


def test_what_cannot_be_put_back_is_said(machine, monkeypatch):
    here = machine()
    put_back = vf_settings.apply(
        here.driver._machine, vifs.SLOT, {'mac': vifs.MAC, 'trust': 1})
    refusing(here, monkeypatch, 'trust')
    with pytest.raises(errors.VfRefused, match=(
            f'trust could not be set to 0 for VF {vifs.SLOT} .VF 0 of '
            'enp3s0f0np0.: busy')):
        put_back()
    assert here.vf == sim_vfs.NEW_ETHERNET | {'trust': 1}


def test_a_mac_that_is_put_back_otherwise_hides_no_refusal(
        machine, monkeypatch):
    here = machine()
    here.vfs.set_netdev('enp3s0f0v0', OWN)
    here.vfs.set('enp3s0f0np0', 0, {'mac': OWN})
    put_back = vf_settings.apply(
        here.driver._machine, vifs.SLOT, {'mac': vifs.MAC, 'trust': 1})
    refusing(here, monkeypatch, 'trust', vf_settings.NO_MAC)
    with pytest.raises(errors.VfRefused, match='^trust could not'):
        put_back()
    assert here.vf == sim_vfs.NEW_ETHERNET | {'mac': OWN, 'trust': 1}


def test_nothing_to_set_needs_no_vf(machine):
    here = machine()
    here.host.set_numvfs('0000:03:00.0', 0)
    vf_settings.apply(here.driver._machine, vifs.SLOT, {})()


def test_a_rate_that_is_refused_is_shown(machine, monkeypatch):
    here = machine()
    refusing(here, monkeypatch, 'rate')
    said = _refused(here, vifs.hw_veb(), {AVERAGE: '12500', PEAK: '125000'})
    assert ('rate could not be set to min_tx_rate 100 max_tx_rate 1000 for '
            f'VF {vifs.SLOT}') in said


def test_the_mac_that_libvirt_left_with_802_1qbh_is_cleared(machine):
    """Its association failed; a MAC of somebody else stays."""
    here = machine()
    here.driver.plug(vifs.INSTANCE, vifs.vm_fex())
    for mac, left in ((vifs.MAC, vf_settings.NO_MAC), (OWN, OWN)):
        here.vfs.set('enp3s0f0np0', 0, {'mac': mac})
        here.driver.unplug(vifs.INSTANCE, vifs.vm_fex())
        assert here.vf['mac'] == left


def test_what_an_older_flavor_limited_is_cleared(machine):
    """At the end of a resize, on the source host."""
    here, server = machine(), vifs.limited(**{AVERAGE: '125000'})
    here.driver.plug(server, vifs.hw_veb())
    server.old_flavor = server.flavor
    server.flavor = vifs.flavor()
    here.driver.unplug(server, vifs.hw_veb())
    assert here.vf == sim_vfs.NEW_ETHERNET


@pytest.mark.parametrize('specs', [
    {}, {AVERAGE: '12500', PEAK: '125000'}, {AVERAGE: '1250', PEAK: '125'}])
def test_what_others_limited_stays(machine, specs):
    """Neutron's SR-IOV agent limits rates by its QoS policies, once the
    guest runs."""
    here, server = machine(), vifs.limited(**specs)
    here.vfs.set('enp3s0f0np0', 0, rate(5))
    here.driver.replug(server, vifs.hw_veb())
    here.driver.unplug(server, vifs.hw_veb())
    assert here.vf == sim_vfs.NEW_ETHERNET | rate(5)


def test_trust_is_taken_back_wherever_the_profile_speaks_of_it(machine):
    """As stock Nova does: it may have been true when the VF was plugged."""
    here = machine()
    here.driver.plug(vifs.INSTANCE, vifs.hw_veb(profile={'trusted': 'true'}))
    assert here.vf['trust'] == 1
    here.driver.unplug(
        vifs.INSTANCE, vifs.hw_veb(profile={'trusted': 'false'}))
    assert here.vf == sim_vfs.NEW_ETHERNET


@pytest.mark.parametrize('driver, specs, expected', [
    ('i40e', {AVERAGE: '12500', PEAK: '125000'}, rate(1000)),
    ('mlx4_core', {AVERAGE: '12500', PEAK: '125000'}, rate(1000)),
    ('enic', {AVERAGE: '12500', PEAK: '125000'}, {}),
    ('enic', {AVERAGE: '12500'}, {}),
])
def test_a_rate_as_far_as_the_driver_can(
        machine, caplog, driver, specs, expected):
    here = machine(driver)
    new, server = here.vf, vifs.limited(**specs)
    here.driver.plug(server, vifs.hw_veb())
    assert here.vf == (new and new | expected)
    assert 'does not take' in caplog.text and vifs.SLOT in caplog.text
    here.driver.unplug(server, vifs.hw_veb())
    assert here.vf == new


def test_inbound_gets_one_warning(machine, caplog):
    here = machine()
    server = vifs.limited(**{'quota:vif_inbound_average': '100',
                              AVERAGE: '125000'})
    server.flavor.name = 'with-inbound'
    for _ in range(3):
        here.driver.plug(server, vifs.hw_veb())
    assert here.vf == sim_vfs.NEW_ETHERNET | rate(1000)
    warnings = [record.getMessage() for record in caplog.records
                if 'inbound' in record.getMessage()]
    assert len(warnings) == 1
    assert 'with-inbound' in warnings[0]


@pytest.mark.parametrize('vlan', ['4095', '-1', 'abc', None])
def test_bad_vlans(machine, vlan):
    here = machine()
    with pytest.raises(exception.InvalidPort, match=vifs.PORT):
        here.driver.plug(vifs.INSTANCE, vifs.macvtap(vlan))
    assert here.vf == sim_vfs.NEW_ETHERNET
    here.driver.unplug(vifs.INSTANCE, vifs.macvtap(vlan))


def _refused(here, vif, specs=()):
    before = here.vf
    with pytest.raises(exception.VifOperationFailed) as caught:
        here.driver.plug(vifs.limited(**dict(specs)), vif)
    assert here.vf == before
    assert vifs.PORT in str(caught.value) and vifs.SLOT in str(caught.value)
    return str(caught.value)


def test_a_macvtap_has_one_vlan(machine):
    here = machine()
    with pytest.raises(exception.InvalidPort) as caught:
        here.driver.plug(vifs.INSTANCE, vifs.macvtap([7, 8]))
    assert str(caught.value) == (
        f'Port {vifs.PORT}: binding:vif_details has vlan [7, 8], but a VF '
        'behind vnic_type macvtap has one VLAN. Use vnic type direct for a '
        'trunk.')


@pytest.mark.parametrize('profile, left', [
    ({}, 1), ({'trusted': False}, 0)])
def test_trust_of_which_the_port_says_nothing_stays(machine, profile, left):
    here = machine()
    here.vfs.set('enp3s0f0np0', 0, {'trust': 1})
    here.driver.unplug(vifs.INSTANCE, vifs.hw_veb(profile=profile))
    assert here.vf['trust'] == left


def test_a_driver_without_trust(machine):
    """The rate is set before it in the kernel's order, and put back."""
    here = machine('mlx4_core')
    said = _refused(here, vifs.hw_veb(profile={'trusted': True}),
                    {AVERAGE: '125000'})
    assert (f'trust could not be set to 1 for VF {vifs.SLOT} (VF 0 of '
            'enp3s0f0np0)') in said
    assert 'another card' in said
    here.driver.unplug(vifs.INSTANCE, vifs.hw_veb(profile={'trusted': True}))


def test_a_vf_without_netdev(machine):
    here = machine()
    here.host.bind(vifs.SLOT, 'vfio-pci')
    said = _refused(here, vifs.macvtap())
    assert f'VF {vifs.SLOT} has no network device' in said
    here.driver.unplug(vifs.INSTANCE, vifs.macvtap())


def test_a_pf_without_netdev(machine):
    here = machine()
    here.host.remove(('0000:03:00.0', 'uplink', None))
    with pytest.raises(exception.VifOperationFailed,
                       match=f'0000:03:00.0 of VF {vifs.SLOT} has .*'
                             'lspci -k -s 0000:03:00.0'):
        here.driver.plug(vifs.INSTANCE, vifs.macvtap())
    here.driver.unplug(vifs.INSTANCE, vifs.macvtap())


def test_a_vf_that_is_gone(machine):
    here = machine()
    here.driver.plug(vifs.INSTANCE, vifs.macvtap())
    here.host.set_numvfs('0000:03:00.0', 0)
    here.driver.unplug(vifs.INSTANCE, vifs.macvtap())
    with pytest.raises(exception.VifOperationFailed, match='There is no VF'):
        here.driver.plug(vifs.INSTANCE, vifs.macvtap())


@pytest.mark.parametrize('errno, words', [
    (16, 'who uses the VF'), (22, 'kernel log'), (19, 'another name'),
    (5, 'kernel log')])
def test_other_refusals(machine, monkeypatch, errno, words):
    """All settings of one driver are refused, and the error is put across."""
    here = machine()

    def refuse(uplink, number, name, value):
        raise OSError(errno, 'because')
    monkeypatch.setattr(here.vfs, '_check', refuse)
    said = _refused(here, vifs.macvtap())
    assert f'mac could not be set to {vifs.MAC}' in said
    assert 'because' in said and words in said


def test_a_daemon_without_privileges(machine, monkeypatch):
    here = machine()

    def refuse(uplink, number, name, value):
        raise OSError(1, 'Operation not permitted')
    monkeypatch.setattr(here.vfs, '_check', refuse)
    said = _refused(here, vifs.macvtap())
    assert 'Network device enp3s0f0np0 could not be set' in said
    assert 'CAP_NET_ADMIN' in said


def test_unplug_clears_the_rest(machine, monkeypatch):
    here = machine()
    here.driver.plug(vifs.INSTANCE, vifs.macvtap())
    check = here.vfs._check

    def busy(uplink, number, name, value):
        if name == 'mac':
            raise OSError(16, 'busy')
        check(uplink, number, name, value)
    monkeypatch.setattr(here.vfs, '_check', busy)
    with pytest.raises(exception.VifOperationFailed,
                       match=f'mac .*{vf_settings.NO_MAC}'):
        here.driver.unplug(vifs.INSTANCE, vifs.macvtap())
    assert here.vf == sim_vfs.NEW_ETHERNET | {'mac': vifs.MAC}
    assert here.vfs.netdev('enp3s0f0v0') == (vifs.MAC, False)


def test_unplug_leaves_the_vf_of_another_port(machine):
    """After a live migration that failed Nova unplugs at the destination with
    the PCI addresses of the source, and an evacuated server's old host does
    it with those of the new one: there they may be those of another server's
    VF. Stock Nova then takes its MAC away."""
    here = machine()
    here.driver.plug(vifs.INSTANCE, vifs.macvtap())
    plugged, netdev = here.vf, here.vfs.netdev('enp3s0f0v0')
    here.driver.unplug(
        vifs.INSTANCE, vifs.macvtap(address='fa:16:3e:00:00:01'))
    assert here.vf == plugged
    assert here.vfs.netdev('enp3s0f0v0') == netdev == (vifs.MAC, True)
