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

"""The plugin on a simulated host with a real database."""

import dataclasses
import time

from os_vif.objects import instance_info
from os_vif.objects import network
from os_vif.objects import vif as osv_vif
from oslo_config import cfg
from oslo_utils.fixture import uuidsentinel as uuids

from os_vif_vflag import conf
from os_vif_vflag import vflag
from tests.sim import iproute
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

SERVER = instance_info.InstanceInfo(uuid=uuids.server, name='server')
MAC = 'fa:16:3e:0a:ec:e7'
PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
VF, OTHER = '0000:03:01.3', '0000:03:00.2'    # VF 1 of PF 1, VF 0 of PF 0
UPLINKS = ('up0', 'up1')
DEVICE, OTHERS = 'up1_1', 'up0_0'             # their representors
PFS = (Pf(PF0, UPLINKS[0], vfs=2), Pf(PF1, UPLINKS[1], vfs=2))
TRUNK = 'tbr-0a1b2c3d'


def profile(**values):
    return osv_vif.VIFPortProfileOVSRepresentor(
        **{'interface_id': uuids.port} | values)


def net(bridge='br-int', **values):
    return network.Network(id=uuids.net, bridge=bridge, **values)


def vif(slot, **changed):
    """A VIF with this VF."""
    return osv_vif.VIFHostDevice(**{
        'id': uuids.port, 'address': MAC, 'dev_address': slot,
        'plugin': 'vflag', 'network': net(), 'port_profile': profile(),
        'dev_type': 'ethernet'} | changed)


def vhost(mode='server', **changed):
    return osv_vif.VIFVHostUser(**{
        'id': uuids.port, 'address': MAC, 'path': '/run/vhu/socket',
        'mode': mode, 'plugin': 'vflag', 'network': net(),
        'port_profile': profile()} | changed)


@dataclasses.dataclass
class Compute:
    """:ivar offloading: names of netdevs with hw-tc-offload on
    :ivar refused: dict, name of a netdev → why it cannot be turned on there
    """

    sim: object
    vfs: object
    plugin: vflag.VFLagPlugin
    offloading: set
    refused: dict

    def plug(self, one):
        self.plugin.plug(one, SERVER)

    def unplug(self, one):
        self.plugin.unplug(one, SERVER)

    def is_up(self, name):
        return self.vfs.netdev(name)[1]

    def mtu(self, name):
        return int((self.sim.sys / 'class/net' / name / 'mtu').read_text())

    def end(self):
        api = self.plugin._ovsdb._connected
        if api is not None:
            api.ovsdb_connection.stop(10)


def options(**changed):
    found = cfg.ConfigOpts()
    found.register_opts(conf.OPTS, group=conf.GROUP)
    found([], default_config_files=[])
    for name, value in changed.items():
        found.set_override(name, value, group=conf.GROUP)
    return found[conf.GROUP]


def build(sim, monkeypatch, source=(), **changed):
    """:param sim: tests.sim.sysfs.Sysfs
    :param changed: options of the plugin
    :returns: Compute
    """
    table, replaced = iproute.patches(sim)
    for link in sim.links():
        if link.kind == 'representor':
            table.set_netdev(link.name, state='down')
    offloading, refused = set(), {}

    def turn_on(names):
        offloading.update(set(names) - refused.keys())
        return {name: why for name, why in refused.items() if name in names}

    replaced |= {
        'os_vif_vflag.vflag.Host': lambda: sources.host(sim, dict(source)),
        'os_vif_vflag.privileged.calls.turn_on_tc_offload': turn_on}
    for name, value in replaced.items():
        monkeypatch.setattr(name, value)
    return Compute(sim, table, vflag.VFLagPlugin(options(**changed)),
                   offloading, refused)


def eventually(what):
    """:returns: what a function returns, once that is true"""
    deadline = time.monotonic() + 5
    while not what() and time.monotonic() < deadline:
        time.sleep(0.005)
    return what()
