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

"""nova-compute on a simulated libvirt: python -m … HOST FOLDER OPTIONS

Nova's own test fixtures stand for libvirt; scheduling, claim, VIF driver,
os-vif, privsep and the host's facts below /sys are the real ones. FOLDER is
that of the host: it holds the domains (domains.py), and what the drivers keep
of VFs (tests.sim.vfs).
"""

import contextlib
import pathlib
import sys
from unittest import mock

# Nova patches at import of nova.cmd, before anything else of Nova.
from nova.cmd import compute  # isort: skip
from nova.pci import utils as pci_utils
from nova.tests import fixtures as nova_fixtures
from nova.tests.fixtures import libvirt as fakelibvirt
from nova.virt.libvirt import utils as libvirt_utils
import os_vif

from os_vif_vflag.kernel import netlink
from os_vif_vflag.ovs import commands
from tests.cloud import hosts
from tests.cloud.inside import domains
from tests.cloud.inside import libvirt_devices
from tests.sim import vfs

# LibvirtFixture invents what these read from /sys; ours shows the card.
REAL = ('get_ifname_by_pci_address', 'get_mac_by_pci_address',
        'get_vf_num_by_pci_address')
# As nova.tests.functional.libvirt.base does: what touches the host's disks,
# CPUs and libvirt itself.
MOCKS = {
    'nova.virt.libvirt.LibvirtDriver._ensure_console_log_for_instance': None,
    'nova.virt.libvirt.LibvirtDriver._get_disk_over_committed_size_total': 0,
    'nova.virt.libvirt.LibvirtDriver._get_local_gb_info':
        {'total': 128, 'used': 44, 'free': 84},
    'nova.virt.libvirt.LibvirtDriver._get_instance_disk_info_from_config': [],
    'nova.privsep.utils.supports_direct_io': True,
    'nova.virt.libvirt.host.Host.get_online_cpus': set(range(4)),
}


class Disks(nova_fixtures.LibvirtImageBackendFixture):
    """Disks without content: no server reads them."""

    def _mock_disk(self):
        disk = super()._mock_disk()
        disk.snapshot_extract.side_effect = _extract
        return disk


def _extract(target, _format):
    pathlib.Path(target).write_bytes(bytes(512))


def _create_image(_self, _context, instance, *_args, **_kwargs):
    """:returns: whether it was created by a command, and what of it failed"""
    folder = pathlib.Path(libvirt_utils.get_instance_path(instance))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'disk').touch()
    return False, False


def _own_ports(host):
    """A function as commands._ports_of: the host has an Open vSwitch of its
    own, which to this one are the bridges with its number."""
    every = commands._ports_of
    return lambda api, iface_id: [
        (bridge, port) for bridge, port in every(api, iface_id)
        if host.owns(bridge.name)]


def _connection(host, folder):
    return domains.Connection(
        folder / 'domains', hostname=host.name,
        host_info=fakelibvirt.HostInfo(cpu_cores=4),
        pci_info=libvirt_devices.Devices(host.cards))


def _simulate(host, folder, stack):
    """Put the fixtures in place until the stack is closed."""
    real = {name: getattr(pci_utils, name) for name in REAL}
    for fixture in (
            Disks(),
            nova_fixtures.CGroupsFixture(),
            nova_fixtures.LibvirtFixture(stub_os_vif=False),
            nova_fixtures.OSBrickFixture(),
            nova_fixtures.PrivsepFixture()):
        stack.enter_context(fixture)
    for name, function in real.items():
        setattr(pci_utils, name, function)
    mocks = {**MOCKS, 'nova.virt.libvirt.host.Host.get_connection':
             _connection(host, folder)}
    for target, value in mocks.items():
        stack.enter_context(mock.patch(target, return_value=value))
    stack.enter_context(mock.patch(
        'nova.virt.libvirt.LibvirtDriver._create_image', _create_image))
    stack.enter_context(mock.patch.object(
        commands, '_ports_of', _own_ports(host)))
    stack.enter_context(mock.patch.object(
        netlink.Netlink, 'vfs', lambda _self, name: vfs.Vfs(folder).of(name)))
    # The fixture initialised os-vif without a configuration; nova-compute
    # shall do it again with its own.
    os_vif._EXT_MANAGER = None


def main():
    host = hosts.by_name(sys.argv[1])
    folder = pathlib.Path(sys.argv[2])
    sys.argv = ['nova-compute', *sys.argv[3:]]
    with contextlib.ExitStack() as stack:
        _simulate(host, folder, stack)
        compute.main()


if __name__ == '__main__':
    main()
