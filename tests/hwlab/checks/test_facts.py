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

"""What the snapshot and nova-sriov find, beside the system's own tools."""

import json
import pathlib
import platform

import libvirt
import pytest

from os_vif_vflag.host.host import Host
from tests.hwlab.checks import kernel


def test_versions(host):
    """The kernel, libvirt, QEMU and Open vSwitch are named"""
    number = libvirt.getVersion()
    found = {
        'kernel': platform.release(),
        'libvirt': f'{number // 1000000}.{number // 1000 % 1000}'
                   f'.{number % 1000}',
        'QEMU': kernel.run('qemu-system-x86_64', '--version').split()[3],
        'Open vSwitch': host.ovs.vsctl('--version').split()[3]}
    pathlib.Path('/lab/results/versions').write_text(
        ', '.join(f'{name} {text}' for name, text in found.items()) + '\n')
    assert all(found.values())


def _expected(pf):
    """A PF as lspci, ip, devlink and /sys show it."""
    pci, links, reps = kernel.lspci(), kernel.links(), (
        kernel.representors(pf) if kernel.mode(pf) else {})
    return {
        'uplink': kernel.uplink(pf), 'driver': pci[pf].get('Driver'),
        'mode': kernel.mode(pf) or 'legacy',
        'switch_id': links[kernel.uplink(pf)].get('phys_switch_id'),
        'up': links[kernel.uplink(pf)]['operstate'] in ('UP', 'UNKNOWN')
        and 'LOWER_UP' in links[kernel.uplink(pf)]['flags'],
        'vfs': [(number, vf, pci[vf].get('Driver'),
                 next(iter(kernel.children(vf)), None), reps.get(number))
                for number, vf in enumerate(kernel.vfs(pf))]}


def _found(pf):
    pf, = (row for row in Host().snapshot().pfs if row.address == pf)
    print(pf)
    return {
        'uplink': pf.uplink, 'driver': pf.driver, 'mode': pf.mode,
        'switch_id': pf.switch_id, 'up': pf.up,
        'vfs': [(vf.number, vf.address, vf.driver, vf.netdev, vf.representor)
                for vf in pf.vfs]}


def test_legacy(igb):
    """The snapshot of igb is what lspci, ip and /sys show"""
    assert _found(igb) == _expected(igb)


@pytest.mark.parametrize('number', [0, 1])
def test_switchdev(card, number):
    """The snapshot of a card in switchdev mode is what devlink and ip show"""
    found = _found(card[number])
    assert found == _expected(card[number])
    assert found['mode'] == 'switchdev'
    assert all(representor for *_, representor in found['vfs'])


def test_mode_is_changed(card):
    """The snapshot follows a change to legacy mode and back"""
    kernel.set_mode(card[1], 'legacy')
    try:
        legacy = _found(card[1])
        assert legacy == _expected(card[1])
        assert (legacy['mode'], legacy['switch_id']) == ('legacy', None)
    finally:
        kernel.set_mode(card[1], 'switchdev')
    assert _found(card[1]) == _expected(card[1])


def test_host_show_pfs(host, igb, card):
    """nova-sriov host show has each PF as the tools do"""
    rows = {row['PF']: row for row in host.show()}
    assert set(rows) == {igb, *card}
    for pf, row in rows.items():
        expected = _expected(pf)
        assert (row['Netdev'], row['Driver'], row['Mode'], row['VFs'],
                row['Link'] == 'up') == (
            expected['uplink'], expected['driver'], expected['mode'],
            len(expected['vfs']), expected['up'])
        assert row['Physnet'] == 'physnet0'
        assert row['Free'] == row['VFs'] - row['Used']


def test_host_show_vfs(host, igb, card):
    """nova-sriov host show --vfs has each VF as the tools do"""
    rows = host.show('--vfs')
    for pf in (igb, *card):
        assert [(row['VF'], row['Address'], row['Driver'], row['Netdev'],
                 row['Representor']) for row in rows if row['PF'] == pf] == (
            _expected(pf)['vfs'])


def test_libvirt_agrees(igb):
    """libvirt lists the same VFs of igb"""
    connection = libvirt.open('qemu:///system')
    name = f'pci_{igb.replace(":", "_").replace(".", "_")}'
    xml = connection.nodeDeviceLookupByName(name).XMLDesc(0)
    print(xml)
    for vf in kernel.vfs(igb):
        _, bus, place = vf.split(':')
        slot, function = place.split('.')
        assert (f"bus='0x{bus}' slot='0x{slot}' function='0x{function}'"
                in xml)


def test_report(igb, card):
    """What is reported to schedulers is JSON of every PF"""
    snapshot = Host().snapshot()
    assert not snapshot.unread
    print(json.dumps([pf.address for pf in snapshot.pfs]))
    assert {pf.address for pf in snapshot.pfs} == {igb, *card}
