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

"""The interfaces in domains that a real libvirtd defines, with its QEMU
driver's checks; and what that driver refuses, which is why we leave it out.
"""

import contextlib
import functools

import libvirt
from lxml import etree
from nova.virt.libvirt import config
from nova.virt.libvirt import guest
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.virt.libvirt import driver as driver_module
from tests.unit.virt import domain
from tests.unit.virt import vifs

# As Nova's: what to boot from stands in <os>.
DOMAIN = """
<domain type="qemu"><name>sriov</name><memory>65536</memory>
<os><type arch="x86_64" machine="q35">hvm</type><boot dev="hd"/></os>
<devices/></domain>"""

each_vif = pytest.mark.parametrize(
    'vif', vifs.EVERY.values(), ids=vifs.EVERY.keys())
CONFIG = libvirt.VIR_DOMAIN_AFFECT_CONFIG


@contextlib.contextmanager
def defined(connection, *elements):
    xml = etree.fromstring(DOMAIN)
    xml.find('devices').extend(elements)
    of = connection.defineXML(etree.tostring(xml, encoding='unicode'))
    try:
        yield guest.Guest(of)
    finally:
        of.undefine()


def given_back(of, interface):
    xml = etree.fromstring(
        of._domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE),
        etree.XMLParser(remove_blank_text=True))
    return xml.find('devices').find(interface.root_name)


@each_vif
def test_round_trip(qemu, driver, vif):
    ours = vifs.config(driver, vif)
    with defined(qemu, ours.format_dom()) as of:
        back = of.get_interface_by_cfg(ours, from_persistent_config=True)
        assert back is not None
        assert back.alias == ours.alias
        parts = domain.parts(given_back(of, ours))
        assert domain.parts(ours.format_dom()).items() <= parts.items()


@pytest.fixture
def compute():
    """A compute driver with nothing but what it takes to detach."""
    compute = object.__new__(driver_module.SriovLibvirtDriver)
    compute._host = None
    return compute


@each_vif
@pytest.mark.parametrize('managed', ['true', 'false'])
def test_attach_and_detach(qemu, driver, compute, vif, managed):
    """As Nova does both: attach what get_config made, detach what it finds
    in the domain."""
    ours = vifs.config(driver, vif, server=vifs.instance(
        **{vif['profile']['pci_slot']: {'managed': managed}}))
    with defined(qemu) as of:
        of.attach_device(ours, persistent=True)
        assert given_back(of, ours) is not None
        compute._detach_with_retry(
            of, uuids.server,
            functools.partial(of.get_interface_by_cfg, ours), 'tap')
        assert given_back(of, ours) is None


def test_a_port_twice(qemu, driver):
    """libvirt distinguishes the server's ports by their alias, too."""
    ours = vifs.config(driver, vifs.hw_veb())
    other = vifs.config(driver, vifs.hw_veb(slot='0000:03:00.3'))
    with pytest.raises(libvirt.libvirtError, match='alias'), \
            defined(qemu, ours.format_dom(), other.format_dom()):
        pass


REFUSED = {
    'mtu': ('<mtu size="1450"/>', 'setting MTU on interface type'),
    'boot order': ('<boot order="1"/>',
                   'per-device boot elements cannot be used together with'),
}


@pytest.mark.parametrize('name', [
    'hw_veb vlan 1', 'hw_veb macvtap', '802.1qbg', 'vdpa'])
@pytest.mark.parametrize('element, words', REFUSED.values(),
                         ids=REFUSED.keys())
def test_what_is_left_out_for_a_reason(qemu, driver, name, element, words):
    more = vifs.config(driver, vifs.EVERY[name]).format_dom()
    more.append(etree.fromstring(element))
    with pytest.raises(libvirt.libvirtError, match=words), \
            defined(qemu, more):
        pass


def test_novas_own_802_1qbg_interface(qemu, driver):
    """The same without the one element for all parameters."""
    ours = vifs.config(driver, vifs.vepa())
    stocks = config.LibvirtConfigGuestInterface.format_dom(ours)
    assert len(stocks.findall('virtualport/parameters')) == 4
    with pytest.raises(libvirt.libvirtError, match='missing typeid'), \
            defined(qemu, stocks):
        pass


# libvirt's documentation, formatdomain.html: «Direct attachment to physical
# interface» and «PCI Passthrough».
DOCUMENTED = {
    'hostdev with a vlan': """
<interface type='hostdev' managed='yes'>
<source><address type='pci' domain='0x0000' bus='0x00' slot='0x07'
function='0x0'/></source><mac address='52:54:00:6d:90:02'/>
<vlan><tag id='42'/></vlan></interface>""",
    'hostdev with 802.1Qbh': """
<interface type='hostdev' managed='yes'>
<source><address type='pci' domain='0x0000' bus='0x00' slot='0x07'
function='0x0'/></source><mac address='52:54:00:6d:90:02'/>
<virtualport type='802.1Qbh'><parameters profileid='finance'/></virtualport>
</interface>""",
    'direct with 802.1Qbg': """
<interface type='direct'><mac address='52:54:00:6d:90:02'/>
<source dev='eth0.2' mode='vepa'/><virtualport type='802.1Qbg'>
<parameters managerid='11' typeid='1193047' typeidversion='2'
instanceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>
</interface>""",
    'direct with 802.1Qbh': """
<interface type='direct'><mac address='52:54:00:6d:90:02'/>
<source dev='eth0' mode='private'/><virtualport type='802.1Qbh'>
<parameters profileid='finance'/></virtualport></interface>""",
}
DOC_MAC, DOC_SLOT = '52:54:00:6d:90:02', '0000:00:07.0'
OURS = {
    'hostdev with a vlan': vifs.hw_veb(
        42, slot=DOC_SLOT, address=DOC_MAC),
    'hostdev with 802.1Qbh': vifs.vm_fex(
        'finance', slot=DOC_SLOT, address=DOC_MAC),
    'direct with 802.1Qbg': vifs.vepa(address=DOC_MAC),
    'direct with 802.1Qbh': vifs.vm_fex(
        'finance', address=DOC_MAC, vnic_type='macvtap'),
}


@pytest.mark.parametrize('name', OURS)
def test_documented_examples(qemu, driver, netdevs, name):
    """What libvirt makes of its own example, it makes of ours."""
    example = etree.fromstring(
        DOCUMENTED[name], etree.XMLParser(remove_blank_text=True))
    source = example.find('source')
    netdevs[vifs.SLOT] = source.get('dev')
    ours = vifs.config(driver, OURS[name])
    # Ours alone: passthrough, which a VF is for, alias and virtio.
    with defined(qemu, example) as of:
        theirs = domain.parts(given_back(of, ours))
    with defined(qemu, ours.format_dom()) as of:
        made = domain.parts(given_back(of, ours))
    if name == 'direct with 802.1Qbh':
        theirs['source'] = theirs['source'].replace(
            b'private', b'passthrough')
    for tag in ('mac', 'source', 'vlan', 'virtualport'):
        assert made.get(tag) == theirs.get(tag)
