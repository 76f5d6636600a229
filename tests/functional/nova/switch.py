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

"""os-vif's plugins on a real ovsdb-server, where Nova's fixture has none."""

import fixtures
from nova.virt.libvirt import vif as libvirt_vif
from os_vif import plugin
from oslo_config import cfg
from stevedore import extension
from vif_plug_ovs import ovs as stock
from vif_plug_noop import noop

from os_vif_vflag.host import host
from os_vif_vflag import vflag
from tests.lab import ovs
from tests.sim import netlink

BRIDGE = 'br-int'
# Seconds.
TIMEOUT = 2
_DRIVER = libvirt_vif.LibvirtGenericVIFDriver
# As they are before Nova's LibvirtFixture takes them away.
_REAL = {name: getattr(_DRIVER, name)
         for name in ('_plug_os_vif', '_unplug_os_vif')}


class Switch(fixtures.Fixture):
    """Open vSwitch of the one host that there is.

    :param sysfs: tests.sim.sysfs.Sysfs
    :param vfs: tests.sim.vfs.Vfs
    """

    def __init__(self, sysfs, vfs):
        super().__init__()
        self._sysfs, self._vfs = sysfs, vfs
        self._plugins = {}

    def _setUp(self):
        self.ovs = ovs.Ovs(vswitchd=ovs.STAND_IN)
        self.ovs.__enter__()
        self.addCleanup(self.ovs.__exit__)
        self.ovs.add_bridge(BRIDGE)
        for name, method in _REAL.items():
            self._replace(f'{_DRIVER.__module__}.{_DRIVER.__name__}.{name}',
                          method)
        self._replace('os_vif_vflag.vflag.Host', lambda: host.Host(
            str(self._sysfs.root), netlink.Netlink(self._sysfs)))
        self._let_stock_see_the_host()
        self.addCleanup(self._disconnect)
        self.restart_process()

    def restart_process(self):
        """nova-compute's: its plugins are made anew."""
        self._disconnect()
        self._plugins = {
            'vflag': vflag.VFLagPlugin(self._options(
                vflag.VFLagPlugin, ovsdb_timeout=TIMEOUT)),
            'ovs': stock.OvsPlugin(self._options(
                stock.OvsPlugin, ovs_vsctl_timeout=TIMEOUT)),
            'noop': noop.NoOpPlugin(self._options(plugin.PluginBase))}
        self._replace('os_vif._EXT_MANAGER',
                      extension.ExtensionManager.make_test_instance([
                          extension.Extension(name, None, type(each), each)
                          for name, each in self._plugins.items()]))

    def iface_ids(self):
        """:returns: dict, representor → id of the port plugged there"""
        return {row['name']: row['external_ids']['iface-id']
                for row in self.ovs.dump()['Interface'].values()
                if 'iface-id' in row['external_ids']}

    def forget(self):
        """A host that was booted anew with its database gone."""
        for name in self.iface_ids():
            self.ovs.vsctl('--no-wait', 'del-port', name)

    def _disconnect(self):
        """Else they look for this database as long as the process runs;
        ovsdbapp keeps the connection on the class."""
        if not self._plugins:
            return
        for api in (self._plugins['vflag']._ovsdb._connected,
                    self._plugins['ovs'].ovsdb._ovsdb):
            if api is not None:
                api.ovsdb_connection.stop(TIMEOUT)
                type(api).ovsdb_connection = None

    def _options(self, plugin_class, **values):
        conf = cfg.ConfigOpts()
        conf([])
        conf.register_opts(plugin_class.CONFIG_OPTS, group='plugin')
        if plugin_class.CONFIG_OPTS:
            values['ovsdb_connection'] = self.ovs.connection
        for name, value in values.items():
            conf.set_override(name, value, group='plugin')
        return conf.plugin if plugin_class.CONFIG_OPTS else None

    def _let_stock_see_the_host(self):
        """What is its own of the database is real; of the host it reads
        /sys and queries ip."""
        simulated = host.Host(
            str(self._sysfs.root), netlink.Netlink(self._sysfs))
        for name, stand_in in {
                'get_vf_num_by_pci_address':
                    lambda slot: simulated.vf(slot)[1],
                'get_ifname_by_pci_address':
                    lambda slot, **_: simulated.vf(slot)[0],
                'get_representor_port':
                    lambda pf, number: self._sysfs.representor(
                        self._sysfs.pf(pf).vf_address(number)).name,
                'set_interface_state':
                    lambda name, state: self._vfs.set_netdev(
                        name, None, state),
                'set_device_mtu': lambda name, mtu: None}.items():
            self._replace(f'vif_plug_ovs.linux_net.{name}', stand_in)

    def _replace(self, name, value):
        self.useFixture(fixtures.MonkeyPatch(name, value))


