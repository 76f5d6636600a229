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

"""The interfaces of SR-IOV VIFs, judged by libvirt and by stock Nova."""

from nova import objects
from nova.virt.libvirt import config
from nova.virt.libvirt import vif as stock
import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import kinds
from tests.unit.virt import domain
from tests.unit.virt import vifs
from tests.unit.virt.conftest import VdpaHost

ALIAS = f'<alias name="ua-{vifs.PORT}"></alias>'
SOURCE = ('<source><address bus="0x03" domain="0x0000" function="0x2" '
          'slot="0x00" type="pci"></address></source>')
VIRTIO = '<model type="virtio"></model>'
QBH = ('<virtualport type="802.1Qbh"><parameters profileid="gold">'
       '</parameters></virtualport>')
QBG = ('<virtualport type="802.1Qbg"><parameters '
       f'instanceid="{vifs.VSI}" managerid="11" typeid="1193047" '
       'typeidversion="2"></parameters></virtualport>')
TRUNK = ('<vlan trunk="yes"><tag id="10"></tag><tag id="20"></tag>'
         '<tag id="0"></tag></vlan>')


def tag(vlan):
    return f'<vlan><tag id="{vlan}"></tag></vlan>'


def hostdev(inner=''):
    return ('<interface managed="yes" type="hostdev">'
            f'<mac address="{vifs.MAC}"></mac>{SOURCE}{inner}</interface>')


def macvtap(mode, inner, driver='<driver name="vhost"></driver>'):
    return (f'<interface type="direct"><mac address="{vifs.MAC}"></mac>'
            f'{VIRTIO}{driver}'
            f'<source dev="{vifs.NETDEV}" mode="{mode}"></source>'
            f'{inner}</interface>')


DEVICE = ('<hostdev managed="yes" mode="subsystem" type="pci"><source>'
          '<address bus="0x03" domain="0x0000" function="0x2" slot="0x00">'
          f'</address></source>{ALIAS}</hostdev>')

EXPECTED = {
    'hw_veb vlan 1': hostdev(tag(1) + ALIAS),
    'hw_veb flat network': hostdev(tag(0) + ALIAS),
    'hw_veb list of one': hostdev(tag(7) + ALIAS),
    'hw_veb trunk': hostdev(TRUNK + ALIAS),
    'hw_veb macvtap': macvtap('passthrough', tag(100) + ALIAS),
    'hw_veb macvtap trunk': macvtap(
        'passthrough', TRUNK.replace('<tag id="0"></tag>', '') + ALIAS),
    '802.1qbh': hostdev(QBH + ALIAS),
    '802.1qbh macvtap': macvtap('passthrough', QBH + ALIAS),
    '802.1qbg': macvtap('vepa', QBG + ALIAS, driver=''),
    '802.1qbg macvtap': macvtap('vepa', QBG + ALIAS, driver=''),
    'switchdev': hostdev(ALIAS),
    'remote-managed': hostdev(ALIAS),
    'vdpa': ('<interface type="vdpa">'
             f'<mac address="{vifs.MAC}"></mac>'
             f'<source dev="/dev/vhost-vdpa-{vifs.SLOT}"></source>'
             f'{ALIAS}</interface>'),
    'whole PF': DEVICE,
    'InfiniBand': DEVICE,
}

# Where ours is another interface than stock's, and not just by its alias;
# what stock makes of each is tested below.
OWN_WAY = {'hw_veb capitals', 'hw_veb list of one', 'hw_veb trunk',
           'hw_veb macvtap trunk', '802.1qbg', '802.1qbg macvtap',
           '802.1qbg least', '802.1qbg most'}

LIMITS = {'quota:vif_inbound_average': '1000',
          'quota:vif_outbound_average': '2000'}


@pytest.fixture
def stock_driver(conf):
    return stock.LibvirtGenericVIFDriver(VdpaHost())


each_vif = pytest.mark.parametrize(
    'vif', vifs.EVERY.values(), ids=vifs.EVERY.keys())


def test_every_row_is_tested():
    assert {(vif['type'], vif['vnic_type'])
            for vif in vifs.EVERY.values()} == set(kinds.KINDS)


@pytest.mark.parametrize('name', EXPECTED)
def test_the_xml_of_each_kind_is_as_expected(driver, name):
    ours = vifs.config(driver, vifs.EVERY[name])
    assert domain.canonical(ours).decode() == EXPECTED[name]


@each_vif
def test_passes_libvirts_schema(driver, netdevs, vif):
    domain.schema().assertValid(domain.around(vifs.config(driver, vif)))


@each_vif
def test_nova_finds_it_again_in_libvirt(driver, vif):
    """That is how Nova detaches: by exact type and its own __eq__, which
    looks at MAC, kind and source."""
    ours = vifs.config(driver, vif)
    assert type(ours) in (config.LibvirtConfigGuestInterface,
                          config.LibvirtConfigGuestHostdevPCI)
    back = domain.read_back(ours)
    assert type(back) is type(ours)
    # In this order: libvirt names the tap device, Nova does not.
    assert ours == back
    assert back.alias == ours.alias
    assert getattr(back, 'vportparams', None) == getattr(
        ours, 'vportparams', None)


@each_vif
def test_libvirt_gives_back_all_that_was_written(driver, vif):
    ours = vifs.config(driver, vif)
    written = ours.format_dom()
    given = domain.given_back(ours)
    assert given.get('managed') == written.get('managed')
    assert given.get('type') == written.get('type')
    parts = domain.parts(given)
    for tag_, part in domain.parts(written).items():
        assert parts[tag_] == part


@pytest.mark.parametrize('name', sorted(set(vifs.EVERY) - OWN_WAY))
def test_is_what_stock_makes(driver, stock_driver, name):
    ours, theirs = (vifs.config(d, vifs.EVERY[name])
                    for d in (driver, stock_driver))
    assert type(ours) is type(theirs)
    assert domain.canonical(ours).replace(
        ALIAS.encode(), b'') == domain.canonical(theirs)


@pytest.mark.parametrize('vif', [
    vifs.vif('ovs', 'normal', None, bridge='br-int'), vifs.macvtap()],
    ids=['ovs normal', 'macvtap'])
def test_the_model_is_that_of_the_image(driver, stock_driver, vif):
    image = objects.ImageMeta.from_dict(
        {'properties': {'hw_vif_model': 'e1000'}})
    for each in driver, stock_driver:
        conf = each.get_config(
            vifs.INSTANCE, vif, image, vifs.flavor(), 'kvm')
        assert conf.format_dom().find('model').get('type') == 'e1000'


@pytest.mark.parametrize('name', ['vdpa', 'switchdev', 'hw_veb macvtap'])
def test_queue_sizes_are_those_that_stock_sets(
        conf, driver, stock_driver, name):
    conf.config(rx_queue_size=512, tx_queue_size=1024, group='libvirt')
    ours, theirs = (vifs.config(d, vifs.EVERY[name])
                    for d in (driver, stock_driver))
    assert domain.canonical(ours).replace(
        ALIAS.encode(), b'') == domain.canonical(theirs)
    # Nova writes them for some drivers only.
    assert ours.vhost_rx_queue_size == theirs.vhost_rx_queue_size
    assert ours.vhost_tx_queue_size == theirs.vhost_tx_queue_size


@pytest.mark.parametrize('name', ['hw_veb capitals', 'hw_veb trunk',
                                  '802.1qbg macvtap'])
def test_stock_cannot_use_what_is_ours_alone(stock_driver, name):
    """Why ours differs: libvirt does not take stock's, or Nova does not
    find it again, since libvirt writes addresses in small letters."""
    with pytest.raises(Exception) as caught:
        theirs = vifs.config(stock_driver, vifs.EVERY[name])
        assert domain.read_back(theirs) is not None
    assert not isinstance(caught.value, exception.InvalidPort)


def test_libvirt_reads_one_parameters_element_only(conf):
    """Why ours writes one: Nova's class alone writes one for each."""
    plain = config.LibvirtConfigGuestInterface()
    plain.mac_addr, plain.net_type = vifs.MAC, 'direct'
    plain.source_dev, plain.source_mode = vifs.NETDEV, 'vepa'
    plain.vporttype = '802.1Qbg'
    for name in ('managerid', 'typeid', 'typeidversion'):
        plain.add_vport_param(name, '1')
    with pytest.raises(Exception, match='missing typeid'):
        domain.read_back(plain)


@each_vif
def test_bandwidth_where_libvirt_shapes(driver, vif):
    """libvirt's drivers refuse to start a hostdev interface that has one,
    and stock writes one for hw_veb and 802.1qbh."""
    limited = vifs.config(driver, vif, vifs.flavor(**LIMITS))
    domain.schema().assertValid(domain.around(limited))
    found = limited.format_dom().find('bandwidth')
    if getattr(limited, 'net_type', None) == 'direct':
        assert found.find('inbound').get('average') == '1000'
        assert found.find('outbound').get('average') == '2000'
    else:
        assert found is None


@each_vif
def test_no_mtu_and_no_boot_order(driver, vif):
    """The network has one; libvirt refuses both (see functional tests)."""
    written = vifs.config(driver, vif).format_dom()
    assert vif['network'].get_meta('mtu') == 1450
    assert written.find('mtu') is None
    assert written.find('boot') is None


def test_the_vm_fex_interface_of_2013(driver):
    """From the mail that proposed SR-IOV networking for Nova."""
    ours = vifs.config(driver, vifs.vif(
        '802.1qbh', address='00:23:45:67:89:ab', slot='0000:09:00.1',
        profileid='my-port-profile'))
    assert ours.alias == f'ua-{vifs.PORT}'
    assert domain.canonical(ours).decode().replace(ALIAS, '') == (
        '<interface managed="yes" type="hostdev">'
        '<mac address="00:23:45:67:89:ab"></mac>'
        '<source><address bus="0x09" domain="0x0000" function="0x1" '
        'slot="0x00" type="pci"></address></source>'
        '<virtualport type="802.1Qbh"><parameters '
        'profileid="my-port-profile"></parameters></virtualport>'
        '</interface>')


def test_a_macvtap_without_a_netdev(driver, netdevs):
    """A VF that vfio-pci has, say; another host may serve the port."""
    netdevs.clear()
    with pytest.raises(exception.VifOperationFailed) as caught:
        vifs.config(driver, vifs.hw_veb(vnic_type='macvtap'))
    assert str(caught.value) == (
        f'Port {vifs.PORT}: VF {vifs.SLOT} has no netdev on this host, which '
        'vnic_type macvtap needs. Bind the VF to its network driver, not to '
        'vfio-pci.')
