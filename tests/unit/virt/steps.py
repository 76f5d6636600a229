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

"""Plug and unplug one after another, also in a process of stock Nova."""

import os

from nova import objects
import nova.privsep
from nova.virt.libvirt import vif as stock
import os_vif.objects

from tests.sim import ip
from tests.sim import vfs as sim_vfs

STEPS = ('plug', 'plug', 'unplug', 'unplug', 'plug')


def cases():
    """:returns: dict name → VIF; each has a VF of its own, in this order"""
    # Nova's objects must be known before.
    from tests.unit.virt import vifs
    return {
        'plain': vifs.hw_veb(slot='0000:03:00.2'),
        'trusted': vifs.hw_veb(slot='0000:03:00.3',
                               profile={'trusted': 'true'}),
        'macvtap': vifs.macvtap(slot='0000:03:00.4'),
        'macvtap flat': vifs.macvtap(0, slot='0000:03:00.5'),
    }


def of_stock(root, uplink):
    """Of a process that sees the simulated /sys below root."""
    objects.register_all()
    os_vif.objects.register_all()
    nova.privsep.sys_admin_pctxt.set_client_mode(False)
    os.environ['PATH'] = str(ip.command(root))
    return of(stock.LibvirtGenericVIFDriver(), sim_vfs.Vfs(root), uplink)


def of(driver, vfs, uplink):
    """:returns: dict (case, number of the step) → what the driver of the PF
        tells of the VF, MAC of its netdev, whether that is up"""
    from tests.unit.virt import vifs
    found = {}
    for number, (case, vif) in enumerate(cases().items()):
        netdev = f'{uplink.removesuffix("np0")}v{number}'
        for step, method in enumerate(STEPS):
            getattr(driver, method)(vifs.INSTANCE, vif)
            found[case, step] = vfs.of(uplink)[number], *vfs.netdev(netdev)
    return found
