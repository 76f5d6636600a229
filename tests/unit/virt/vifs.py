"""VIFs as Nova's network cache holds them, and what comes with them."""

from nova import objects
from nova.network import model
from oslo_utils.fixture import uuidsentinel as uuids

PORT = '2f4d1c1e-5f0d-4c57-9a0e-6f3e5a3b1d10'
MAC = 'fa:16:3e:0a:ec:e7'
SLOT = '0000:03:00.2'

INSTANCE = objects.Instance(
    id=1, uuid=uuids.server, project_id='p', display_name='sérver',
    flavor=objects.Flavor(vcpus=2, extra_specs={}),
    image_ref=None, system_metadata={})
IMAGE = objects.ImageMeta.from_dict({})


def flavor(**extra_specs):
    return objects.Flavor(name='m1.vf', vcpus=2, extra_specs=extra_specs)


def instance(**extra_specs):
    """A server whose flavor has these."""
    server = INSTANCE.obj_clone()
    server.flavor = flavor(**extra_specs)
    return server


def vif(kind, vnic_type='direct', slot=SLOT, profile=(), bridge=None,
        **details):
    """A VIF of Neutron's vif_type ``kind``; ``details`` are its
    binding:vif_details."""
    network = model.Network(
        id=uuids.net, bridge=bridge, label='net', subnets=[],
        mtu=1450, physical_network='physnet0')
    return model.VIF(
        id=PORT, address=MAC, network=network, type=kind,
        vnic_type=vnic_type, details=details, devname='tap2f4d1c1e-5f',
        ovs_interfaceid=PORT,
        profile=dict(profile) | ({} if slot is None else {'pci_slot': slot}))


def hw_veb(vlan='100', **more):
    """Neutron's sriovnicswitch driver."""
    return vif('hw_veb', vlan=vlan, **more)


def vm_fex(profileid='gold', **more):
    """A mechanism driver for 802.1Qbh cards."""
    return vif('802.1qbh', profileid=profileid, **more)


def macvtap(vlan='100', **more):
    """Neutron's sriovnicswitch driver, vnic type macvtap."""
    return vif('hw_veb', 'macvtap', vlan=vlan, **more)


def infiniband(**more):
    """Mellanox's mechanism driver."""
    return vif('ib_hostdev', **more)


def switchdev(**more):
    """Neutron's openvswitch or ovn driver, port with switchdev."""
    return vif('ovs', bridge='br-int', **more)


def config(driver, a_vif, a_flavor=None):
    """What a VIF driver makes of it."""
    return driver.get_config(
        INSTANCE, a_vif, IMAGE, a_flavor or flavor(), 'kvm')
