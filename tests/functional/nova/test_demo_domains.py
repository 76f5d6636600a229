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

"""The demo's simulated libvirt: domains outlive nova-compute."""

from lxml import etree
from nova.tests.fixtures import libvirt as fakelibvirt
import pytest

from tests.cloud.inside import domain_devices
from tests.cloud.inside import domains
from tests.cloud.inside import libvirt_devices
from tests.sim.card import Card
from tests.sim.card import Pf

CARD = Card((Pf('0000:02:00.0', 'enp2s0f0np0', 'legacy', vfs=4),))
UUID = '2c1f4b3e-7c6a-4c55-9a0a-0d4f6a3f8a11'
NIC = '''<interface type="hostdev" managed="yes">
  <mac address="fa:16:3e:00:00:0{number}"/>
  <source><address type="pci" domain="0x0000" bus="0x02" slot="0x00"
    function="0x{number}"/></source>
  <vlan><tag id="11{number}"/></vlan>
</interface>'''
MACVTAP = '''<interface type="direct">
  <mac address="fa:16:3e:00:00:04"/>
  <source mode="passthrough" dev="enp2s0f0v3"/>
</interface>'''


def xml(*devices):
    return f'''<domain type="kvm"><name>one</name><uuid>{UUID}</uuid>
<memory>524288</memory><vcpu>1</vcpu>
<os><type machine="pc" arch="x86_64">hvm</type></os>
<devices>{''.join(devices)}</devices></domain>'''


@pytest.fixture
def folders(tmp_path):
    """{host: folder of its domains}"""
    found = {host: tmp_path / host / 'domains' for host in ('one', 'two')}
    for folder in found.values():
        folder.mkdir(parents=True)
    return found


@pytest.fixture
def connect(folders):
    """A function: nova-compute starts on a host."""
    return lambda host='one': domains.Connection(
        folders[host], hostname=host,
        pci_info=libvirt_devices.Devices([CARD]))


@pytest.fixture
def passed(folders):
    """A function: {VF: (VLAN, whether by macvtap)} of running domains"""
    return lambda host='one': {
        one.vf: (one.vlan, one.macvtap) for one in domain_devices.interfaces(
            folders[host], {'enp2s0f0v3': '0000:02:00.4'})}


def found(connection):
    return connection.lookupByUUIDString(UUID)


def macs(domain):
    return [node.get('address') for node in etree.fromstring(
        domain.XMLDesc(0)).iterfind('devices/interface/mac')]


def test_a_running_domain_runs_after_a_restart(connect, passed):
    connect().defineXML(xml(NIC.format(number=1), MACVTAP)).create()
    assert passed() == {'0000:02:00.1': (111, False),
                        '0000:02:00.4': (0, True)}
    domain = found(connect())
    assert domain.isActive()
    assert macs(domain) == ['fa:16:3e:00:00:01', 'fa:16:3e:00:00:04']


def test_one_that_is_off_stays_off(connect, passed):
    connect().defineXML(xml(NIC.format(number=1))).create()
    found(connect()).shutdown()
    assert passed() == {}
    domain = found(connect())
    assert not domain.isActive()
    domain.create()
    assert passed() == {'0000:02:00.1': (111, False)}


def test_devices_come_and_go(connect, passed):
    domain = connect().defineXML(xml(NIC.format(number=1)))
    domain.create()
    domain.attachDeviceFlags(NIC.format(number=2), 0)
    domain.detachDeviceFlags(NIC.format(number=1), 0)
    assert list(passed()) == ['0000:02:00.2']
    assert macs(found(connect())) == ['fa:16:3e:00:00:02']


def test_one_that_is_gone_is_gone(connect, folders):
    domain = connect().defineXML(xml(NIC.format(number=1)))
    domain.create()
    domain.destroy()
    domain.undefine()
    assert connect().listAllDomains(3) == []
    assert list(folders['one'].iterdir()) == []


def test_one_that_is_undefined_while_it_runs(connect, folders, passed):
    connection = connect()
    domain = connection.defineXML(xml(NIC.format(number=1)))
    domain.create()
    domain.undefine()
    assert (list(passed()), domain.isPersistent()) == (
        ['0000:02:00.1'], False)
    assert found(connection) is domain
    domain.destroy()
    assert connection.listAllDomains(3) == []
    assert list(folders['one'].iterdir()) == []


def test_one_that_moves_while_it_runs(connect, folders, passed):
    there = connect('two')
    domain = connect().defineXML(xml(NIC.format(number=1)))
    domain.create()
    domain.migrateToURI3('qemu+tcp://two/system', {
        'destination_xml': xml(NIC.format(number=2))}, 0)
    assert domain.jobStats()['type'] == (
        fakelibvirt.VIR_DOMAIN_JOB_COMPLETED)
    assert (list(passed()), list(passed('two'))) == ([], ['0000:02:00.2'])
    assert list(folders['one'].iterdir()) == []
    assert found(there).isActive()


def test_one_that_has_nowhere_to_go_stays(connect, passed):
    domain = connect().defineXML(xml(NIC.format(number=1)))
    domain.create()
    with pytest.raises(fakelibvirt.libvirtError, match='three is not there'):
        domain.migrateToURI3('qemu+tcp://three/system', {
            'destination_xml': xml()}, 0)
    assert list(passed()) == ['0000:02:00.1']


def test_a_reset_counts_once(connect, passed):
    domain = connect().defineXML(xml(NIC.format(number=1)))
    domain.create()
    domain.reset(0)
    domain.destroy()
    assert passed() == {}
    assert not found(connect()).isActive()
