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

"""Domains of a real libvirt with the interfaces that the driver makes."""

import contextlib
import time

import libvirt
from nova.virt.libvirt import guest as libvirt_guest
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.virt.libvirt import vif as sriov
from tests.hwlab import machine
from tests.hwlab.checks import kernel
from tests.hwlab.checks import nested
from tests.lab.osvif import Port
from tests.unit.virt import vifs

VLAN = 100
NUMBER = 2


@pytest.fixture(scope='module')
def driver():
    return sriov.SriovVIFDriver()


@pytest.fixture(scope='module')
def before(igb):
    """Of all VFs of igb: what is set, and their drivers."""
    return _state(igb)


@pytest.fixture(scope='module')
def wire(igb):
    """The VLAN at the other end of igb's wire."""
    name, = (name for name, link in kernel.links().items()
             if link.get('address') == machine.WIRE_MAC)
    kernel.run('ip', 'link', 'set', name, 'up')
    kernel.run('ip', 'link', 'add', 'link', name, 'name', 'wire', 'type',
               'vlan', 'id', VLAN)
    kernel.run('ip', 'addr', 'add', f'{nested.WIRE}/24', 'dev', 'wire')
    kernel.run('ip', 'link', 'set', 'wire', 'up')
    yield 'wire'
    kernel.run('ip', 'link', 'del', 'wire')


@pytest.fixture(scope='module')
def vif(igb, before):
    return vifs.hw_veb(str(VLAN), slot=kernel.vfs(igb)[NUMBER])


@pytest.fixture(scope='module')
def server(vif, driver, before):
    """A server with a VF, which runs a Linux."""
    nested.make_initrd()
    with _plugged(driver, vif), nested.domain(
            uuids.server, vifs.config(driver, vif), linux=True) as running:
        yield running


@contextlib.contextmanager
def _plugged(driver, vif):
    driver.plug(vifs.INSTANCE, vif)
    try:
        yield
    finally:
        driver.unplug(vifs.INSTANCE, vif)


def _state(pf):
    """Settings by ip, of MACs whether it is the port's, as a VF may choose
    others itself; and drivers by lspci."""
    pci, info = kernel.lspci(), kernel.vf_info(pf)
    return [({**info[number], 'address': info[number]['address'] == vifs.MAC},
             pci[vf].get('Driver'))
            for number, vf in enumerate(kernel.vfs(pf))]


def _has(pf, vif):
    """Whether the VF is a guest's, with MAC and VLAN of the port."""
    info = kernel.vf_info(pf)[NUMBER]
    driver = kernel.lspci()[vif['profile']['pci_slot']].get('Driver')
    return (driver, info['address'], info.get('vlan_list', [{}])[0].get(
        'vlan')) == ('vfio-pci', vif['address'], VLAN)


def _eventually(question, seconds=nested.PATIENCE):
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(2)
    return True


def _row(host, vf):
    row, = (row for row in host.show('--vfs') if row['Address'] == vf)
    return row


def test_started(igb, vif, server):
    """libvirt starts a domain: VF at vfio-pci, MAC and VLAN through the PF"""
    print(server.XMLDesc(0))
    assert _has(igb, vif)


def test_shown(host, igb, vif, server):
    """nova-sriov host show names the server of the VF"""
    assert _row(host, vif['profile']['pci_slot'])['Server'] == uuids.server
    row, = (row for row in host.show() if row['PF'] == igb)
    assert (row['Used'], row['Free']) == (1, 3)


def test_wire(wire, vif, server):
    """The nested guest is pinged over the VF, tagged on the wire"""
    assert nested.says(uuids.server, f'has {nested.ADDRESS}')
    assert nested.pings(wire)


def test_detached_and_attached(igb, vif, driver, before, server, wire):
    """Detached while it runs, the VF is as before; attached again, it pings"""
    ours = vifs.config(driver, vif)
    of = libvirt_guest.Guest(server)
    of.detach_device(ours, live=True)
    assert _eventually(lambda: _state(igb) == before)
    of.attach_device(ours, live=True)
    assert _has(igb, vif)
    assert _eventually(lambda: nested.pings(wire, count=1))


def test_destroyed(igb, vif, driver, before, server):
    """Destroyed, every VF is as before"""
    server.destroy()
    driver.unplug(vifs.INSTANCE, vif)
    assert _eventually(lambda: _state(igb) == before, 60)


def test_macvtap(host, igb, driver, before):
    """A macvtap domain: its VF is shown as used, and is as before after it"""
    vf = kernel.vfs(igb)[NUMBER]
    vif = vifs.macvtap(str(VLAN), slot=vf)
    with _plugged(driver, vif), nested.domain(
            uuids.server, vifs.config(driver, vif)) as running:
        print(running.XMLDesc(0))
        info = kernel.vf_info(igb)[NUMBER]
        assert (info['address'], info['vlan_list'][0]['vlan']) == (
            vif['address'], VLAN)
        assert _row(host, vf)['Server'] == uuids.server
    assert _eventually(lambda: _state(igb) == before, 60)


def test_vm_fex(igb, driver, before):
    """802.1Qbh fails with libvirt's own error, and leaves nothing"""
    vif = vifs.vm_fex(slot=kernel.vfs(igb)[NUMBER])
    with _plugged(driver, vif), pytest.raises(
            libvirt.libvirtError, match='PortProfileRequest'), nested.domain(
            uuids.server, vifs.config(driver, vif)):
        pass
    assert _eventually(lambda: _state(igb) == before, 60)


def test_switchdev(host, card, driver):
    """A VF in switchdev mode: plugged, in a domain, shown with all names"""
    vf = kernel.vfs(card[1])[1]
    port = Port(vf, id=vifs.PORT, mac=vifs.MAC)
    host.plug(port).result()
    try:
        with nested.domain(uuids.server, vifs.config(
                driver, vifs.switchdev(slot=vf))):
            row = _row(host, vf)
            name = host.representor(vf)
            assert row == {**row, 'Server': uuids.server, 'Driver':
                           'vfio-pci', 'Representor': name, 'OVS port': name}
    finally:
        host.unplug(port).result()
        kernel.bind(vf, None)
