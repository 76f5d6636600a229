"""The <interface> of SR-IOV VIFs, judged by libvirt and by stock Nova."""

from nova.virt.libvirt import config
from nova.virt.libvirt import vif as stock
import pytest

from nova_sriov_ext.virt.libvirt import vif as sriov
from tests.unit.virt import domain
from tests.unit.virt import vifs

FLAT = vifs.hw_veb('0')
CAPITALS = vifs.hw_veb('7', slot='0000:0A:0B.1')
VIFS = {
    'hw_veb vlan 1': vifs.hw_veb('1'),
    'hw_veb vlan 100, a number': vifs.hw_veb(100),
    'hw_veb vlan 4094': vifs.hw_veb('4094'),
    'hw_veb flat network': FLAT,
    'hw_veb high address': vifs.hw_veb('7', slot='ffff:ff:1f.7'),
    'hw_veb trusted': vifs.hw_veb('7', profile={'trusted': 'true'}),
    '802.1qbh': vifs.vm_fex(),
    '802.1qbh 39 bytes': vifs.vm_fex('p' * 39),
    'switchdev': vifs.switchdev(),
    'hw_veb capitals': CAPITALS,
}

SOURCE = ('<source><address bus="0x03" domain="0x0000" function="0x2" '
          'slot="0x00" type="pci"></address></source>')
EXPECTED = {
    'hw_veb': (
        vifs.hw_veb('100'),
        f'{SOURCE}<vlan><tag id="100"></tag></vlan>'),
    'hw_veb flat': (FLAT, SOURCE),
    '802.1qbh': (
        vifs.vm_fex('gold'),
        f'{SOURCE}<virtualport type="802.1Qbh">'
        '<parameters profileid="gold"></parameters></virtualport>'),
    'switchdev': (vifs.switchdev(), SOURCE),
}

QUOTA = vifs.flavor(**{'quota:vif_inbound_average': '1000',
                       'quota:vif_outbound_average': '1000'})


@pytest.fixture
def driver(conf):
    return sriov.SriovVIFDriver()


@pytest.fixture
def stock_driver(conf):
    return stock.LibvirtGenericVIFDriver()


each_vif = pytest.mark.parametrize('vif', VIFS.values(), ids=VIFS.keys())


@pytest.mark.parametrize(
    'vif, inner', EXPECTED.values(), ids=EXPECTED.keys())
def test_xml(driver, vif, inner):
    assert domain.canonical(vifs.config(driver, vif)).decode() == (
        '<interface managed="yes" type="hostdev">'
        f'<mac address="{vifs.MAC}"></mac>{inner}</interface>')


@each_vif
def test_passes_libvirts_schema(driver, vif):
    schema = domain.schema()
    schema.assertValid(domain.around(vifs.config(driver, vif)))


@each_vif
def test_nova_finds_it_again_in_libvirt(driver, vif):
    """That is how Nova detaches: by exact type and its own __eq__, which
    looks at MAC, kind and source; the rest must have survived, too."""
    ours = vifs.config(driver, vif)
    assert type(ours) is config.LibvirtConfigGuestInterface
    back = domain.read_back(ours)
    assert back is not None
    assert (back.vlan or 0) == int(ours.vlan or 0)
    assert (back.vporttype, back.vportparams) == (
        ours.vporttype, ours.vportparams)


@pytest.mark.parametrize('name', [
    name for name, vif in VIFS.items() if vif not in (FLAT, CAPITALS)])
def test_is_what_stock_makes(driver, stock_driver, name):
    ours, theirs = (vifs.config(d, VIFS[name]) for d in (driver, stock_driver))
    assert domain.canonical(ours) == domain.canonical(theirs)


def test_flat_network_without_vlan_tag(driver, stock_driver):
    """Neutron says vlan '0', a string, and stock writes a tag 0 for it.
    libvirt sets VLAN 0 on the VF either way (virHostdevSetNetConfig)."""
    assert vifs.config(stock_driver, FLAT).vlan == '0'
    assert b'vlan' in domain.canonical(vifs.config(stock_driver, FLAT))
    assert b'vlan' not in domain.canonical(vifs.config(driver, FLAT))


def test_stock_cannot_find_capitals_again(driver, stock_driver):
    """Why ours are small: libvirt writes addresses that way."""
    assert domain.read_back(vifs.config(stock_driver, CAPITALS)) is None


@pytest.mark.parametrize('vif', [
    vifs.hw_veb(), vifs.vm_fex(), vifs.switchdev()],
    ids=['hw_veb', '802.1qbh', 'switchdev'])
def test_no_bandwidth_for_a_hostdev(driver, vif):
    """libvirt's drivers refuse to start a hostdev interface that has one,
    and stock writes one for all but switchdev."""
    plain, limited = (domain.canonical(vifs.config(driver, vif, f))
                      for f in (vifs.flavor(), QUOTA))
    assert limited == plain
