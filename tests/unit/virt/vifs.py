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

"""VIFs as Nova's network cache holds them, and what comes with them."""

import itertools

from nova import objects
from nova.network import model
from oslo_utils.fixture import uuidsentinel as uuids

PORT = '2f4d1c1e-5f0d-4c57-9a0e-6f3e5a3b1d10'
MAC = 'fa:16:3e:0a:ec:e7'
SLOT = '0000:03:00.2'
NETDEV = 'enp3s0f0v1'
VSI = '09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'


_IDS = itertools.count(1)


def instance(task_state=None, **devices):
    """A server; ``devices`` are extra_info of its PCI devices by address."""
    return objects.Instance(
        id=1, uuid=uuids.server, project_id='p', display_name='sérver',
        flavor=objects.Flavor(vcpus=2, extra_specs={}),
        image_ref=None, system_metadata={}, task_state=task_state,
        pci_devices=recorded(**devices))


def recorded(**devices):
    """:returns: PciDeviceList as in Nova's database"""
    return objects.PciDeviceList(objects=[
        objects.PciDevice(id=next(_IDS), address=address,
                          extra_info=extra_info)
        for address, extra_info in devices.items()])


INSTANCE = instance()
IMAGE = objects.ImageMeta.from_dict({})


def flavor(**extra_specs):
    return objects.Flavor(name='m1.vf', vcpus=2, extra_specs=extra_specs)


def limited(**extra_specs):
    """A server whose flavor has these."""
    server = INSTANCE.obj_clone()
    server.flavor = flavor(**extra_specs)
    return server


def vif(kind, vnic_type='direct', slot=SLOT, profile=(), bridge=None,
        address=MAC, **details):
    """A VIF of Neutron's vif_type ``kind``; ``details`` are its
    binding:vif_details."""
    network = model.Network(
        id=uuids.net, bridge=bridge, label='net', subnets=[],
        mtu=1450, physical_network='physnet0')
    return model.VIF(
        id=PORT, address=address, network=network, type=kind,
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


def vepa(managerid=11, typeid=1193047, typeidversion=2, instanceid=VSI,
         **more):
    """A mechanism driver for 802.1Qbg cards."""
    return vif('802.1qbg', managerid=managerid, typeid=typeid,
               typeidversion=typeidversion, instanceid=instanceid, **more)


def switchdev(**more):
    """Neutron's openvswitch or ovn driver, port with switchdev."""
    return vif('ovs', bridge='br-int', **more)


def config(driver, a_vif, a_flavor=None, server=None):
    """What a VIF driver makes of it."""
    return driver.get_config(
        server or INSTANCE, a_vif, IMAGE, a_flavor or flavor(), 'kvm')


# One or more of each row of the table of kinds.
EVERY = {
    'hw_veb vlan 1': hw_veb('1'),
    'hw_veb vlan 100, a number': hw_veb(100),
    'hw_veb vlan 4094': hw_veb('4094'),
    'hw_veb flat network': hw_veb('0'),
    'hw_veb high address': hw_veb('7', slot='ffff:ff:1f.7'),
    'hw_veb trusted': hw_veb('7', profile={'trusted': 'true'}),
    'hw_veb capitals': hw_veb('7', slot='0000:0A:0B.1',
                              address=MAC.upper()),
    'hw_veb list of one': hw_veb(['7']),
    'hw_veb trunk': hw_veb([10, '20', 0]),
    'hw_veb macvtap': hw_veb(vnic_type='macvtap'),
    'hw_veb macvtap flat network': hw_veb('0', vnic_type='macvtap'),
    'hw_veb macvtap trunk': hw_veb([10, 20], vnic_type='macvtap'),
    '802.1qbh': vm_fex(),
    '802.1qbh 39 bytes': vm_fex('p' * 39),
    '802.1qbh macvtap': vm_fex(vnic_type='macvtap'),
    '802.1qbg': vepa(),
    '802.1qbg macvtap': vepa(vnic_type='macvtap'),
    '802.1qbg least': vepa(0, 0, 0),
    '802.1qbg most': vepa('255', '16777215', '255'),
    'switchdev': switchdev(),
    'switchdev OVS-DPDK': switchdev(datapath_type='netdev'),
    'vdpa': switchdev(vnic_type='vdpa'),
    'remote-managed': vif('ovs', 'remote-managed'),
    'whole PF': vif('hostdev_physical', 'direct-physical', vlan='7'),
    'InfiniBand': vif('ib_hostdev', vlan='7'),
}
