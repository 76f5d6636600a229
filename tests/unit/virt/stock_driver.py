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

"""Nova's libvirt driver where there is no libvirt."""

import copy
import json
import types

from nova.virt.libvirt import driver as nova_driver

from nova_sriov_ext.report import document
from nova_sriov_ext.virt.libvirt.driver import SriovLibvirtDriver
from tests.unit.placement import host as hosts
from tests.unit.virt import vifs
from tests.unit.virt.conftest import PF
from tests.unit.virt.conftest import VdpaHost

DEVICE = {'address': vifs.SLOT, 'parent_addr': PF.address,
          'dev_type': 'type-VF', 'vendor_id': '15b3', 'product_id': '101e'}


class ResourceTracker:
    """Nova's. :ivar freed: list of (context, uuid of a server)"""

    def __init__(self):
        self.pci_tracker = types.SimpleNamespace(pci_devs=[], arriving={})
        self.freed = []
        # As a ComputeVirtAPI leads to it.
        self.virtapi = types.SimpleNamespace(
            _compute=types.SimpleNamespace(rt=self))

    def free_pci_device_claims_for_instance(self, context, instance):
        self.freed.append((context, instance.uuid))


class CheckData:
    """The data of a live migration's check: no equality, as Nova's.

    :ivar call: what the check was called with
    """

    def __init__(self, *args, **options):
        self.call = args, options


class Stock:
    """Methods of Nova's driver that would talk to libvirt.

    :ivar host: the nova.virt.libvirt.host.Host that a driver has
    :ivar started: list of the hosts that were started
    :ivar guests: list of what guests were started with
    :ivar detached: list of what was read of devices to detach
    :ivar devices: list of dicts, what libvirt knows of PCI devices
    :ivar cleaned: list of (context, data) of checks that are cleaned up
    """

    def __init__(self):
        self.host = VdpaHost()
        self.started, self.cleaned = [], []
        self.guests, self.detached, self.devices = [], [], [DEVICE]
        self.stats = {}
        self.cleanup_fails = False

    def driver(self, virtapi, **options):
        """:returns: SriovLibvirtDriver, with these between it and Nova's
            driver, whose own stay for who looks at them
        """
        without_libvirt = type('WithoutLibvirt', (nova_driver.LibvirtDriver,),
                               self._methods())
        return type('Driver', (SriovLibvirtDriver, without_libvirt),
                    {})(virtapi, **options)

    def _methods(self):
        def init(driver, virtapi, read_only=False):
            driver.virtapi, driver.read_only = virtapi, read_only
            driver._host = self.host

        def create(driver, context, xml, instance, network_info, bdi, **more):
            driver.plug_vifs(instance, network_info)
            self.guests.append((context, xml, instance.uuid, bdi))
            return 'guest'

        def reboot(driver, context, instance, network_info, reboot_type,
                   block_device_info=None, share_info=None):
            driver._create_guest_with_network(
                context, (reboot_type, share_info), instance, network_info,
                block_device_info)

        def resume(driver, context, instance, network_info, share_info,
                   block_device_info=None):
            driver._create_guest_with_network(
                context, ('resumed', share_info), instance, network_info,
                block_device_info)

        def resources(driver, nodename):
            return {'pci_passthrough_devices': json.dumps(self.devices),
                    'hypervisor_hostname': nodename,
                    **copy.deepcopy(self.stats)}

        def update(driver, tree, nodename, allocations=None):
            tree.update_inventory(nodename, hosts.STOCK)
            if allocations is not None:
                allocations['seen'] = True

        def detach(driver, guest, uuid, get_device_conf, name):
            self.detached.append((guest, uuid, name, get_device_conf(
                guest, from_persistent_config=True)))

        def check(driver, *args, **kwargs):
            return CheckData(*args, **kwargs)

        def cleanup(driver, context, data):
            self.cleaned.append((context, data))
            if self.cleanup_fails:
                raise OSError(data)

        def start(driver, host):
            self.started.append(host)

        return {'__init__': init, 'init_host': start,
                '_create_guest_with_network': create, 'reboot': reboot,
                'resume_state_on_host_boot': resume,
                'get_available_resource': resources,
                'update_provider_tree': update, '_detach_with_retry': detach,
                'check_can_live_migrate_destination': check,
                'check_source_migrate_data_at_dest': check,
                'cleanup_live_migration_destination_check': cleanup}


def reported(driver):
    """:returns: document.Report, what the driver tells Nova"""
    data = driver.get_available_resource('node')
    assert data['hypervisor_hostname'] == 'node'
    return document.read(data.get('stats', {}))
