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

"""The os-vif plugin ``vflag``."""

from collections.abc import Iterable
from collections.abc import Iterator
import contextlib

from os_vif import plugin
from os_vif.objects import host_info
from os_vif.objects import instance_info as osv_instance_info
from os_vif.objects import vif as osv_vif
from oslo_config import cfg

from os_vif_vflag import conf
from os_vif_vflag import exception
from os_vif_vflag import port_plan
from os_vif_vflag import vif_checks
from os_vif_vflag.host import bonds
from os_vif_vflag.host import errors
from os_vif_vflag.host import netdev_setup
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from os_vif_vflag.lag_policy import LagPolicy
from os_vif_vflag.ovs import client
from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import ovs_port
from os_vif_vflag.ovs import streams

NAME = 'vflag'


class VFLagPlugin(plugin.PluginBase):
    """Plugs the representor of an SR-IOV VF into Open vSwitch."""

    CONFIG_OPTS = conf.OPTS

    def __init__(self, config: cfg.ConfigOpts.GroupAttr):
        super().__init__(config)
        self._host = Host()
        self._representors = RepresentorFinder(self._host)
        self._ports = port_plan.Ports(config, self._host, self._representors)
        self._lag_policy = LagPolicy(
            config.lag_policy, self._host, self._representors)
        self._ovsdb = client.OvsDb(
            config.ovsdb_connection, config.ovsdb_timeout,
            streams.TlsFiles.of(config))

    def describe(self) -> host_info.HostPluginInfo:
        profiles = [
            host_info.HostPortProfileInfo(
                profile_object_name=profile.__name__,
                min_version='1.0', max_version=profile.VERSION)
            for profile in vif_checks.PROFILES]
        return host_info.HostPluginInfo(plugin_name=NAME, vif_info=[
            host_info.HostVIFInfo(
                vif_object_name=vif.__name__,
                min_version='1.0', max_version=vif.VERSION,
                supported_port_profiles=profiles)
            for vif in vif_checks.VIFS])

    def plug(self, vif: osv_vif.VIFBase,
             instance_info: osv_instance_info.InstanceInfo) -> None:
        """Find the VF's representor, set it up, put it into Open vSwitch.

        Safe to repeat. When it fails, Open vSwitch has no port of this
        ``iface-id`` that it had not before, and a representor that was not
        plugged before is down.

        :param vif: VIFHostDevice, or VIFVHostUser, which does not have a
            representor
        :raises exception.InvalidVif: the VIF object lacks something
        :raises exception.PlugFailed: names port, VF, cause and remedy
        """
        vif_checks.check_to_plug(vif, instance_info)
        with _failing_as(exception.PlugFailed, vif):
            port = self._ports.of(vif, instance_info.uuid)
            if not (port.create_bridge
                    or self._ovsdb.has_bridge(port.bridge)):
                raise ovs_errors.BridgeNotFound(
                    bridge=port.bridge, device=port.device)
            with self._prepared(vif, port):
                self._ovsdb.plug(port)

    def unplug(self, vif: osv_vif.VIFBase,
               instance_info: osv_instance_info.InstanceInfo) -> None:
        """Take the port out of Open vSwitch and its representor down.

        The port is found by its ``iface-id``, whatever became of the
        representor. What is not there needs no unplugging.

        :param vif: VIFHostDevice or VIFVHostUser
        :raises exception.InvalidVif: the VIF object lacks something
        :raises exception.UnplugFailed: names port, VF, cause and remedy
        """
        vif_checks.check_to_unplug(vif)
        with _failing_as(exception.UnplugFailed, vif):
            bridge = vif_checks.bridge_of(vif)
            unplugged = self._ovsdb.unplug(
                vif.port_profile.interface_id,
                bridge if bridge and ovs_port.is_trunk_bridge(
                    bridge) else None)
            for device in {*unplugged, *self._unused_representor(vif)}:
                # A representor that is gone cannot be set down, and is not
                # missed.
                with contextlib.suppress(errors.LinkFailed):
                    netdev_setup.set_down(device)

    @contextlib.contextmanager
    def _prepared(self, vif: osv_vif.VIFBase,
                  port: ovs_port.OvsPort) -> Iterator[None]:
        """The representor is up; what is not one needs nothing."""
        if port.type != ovs_port.KERNEL:
            yield
            return
        # A server may be using it: nova-compute plugs all its servers'
        # ports again when it starts.
        plugged = self._ovsdb.is_plugged(port)
        pf, uplink, bond = self._below(vif)
        self._lag_policy.check(
            vif.id, vif.dev_address, pf, bond, in_use=plugged)
        try:
            netdev_setup.set_up(port.device, self._ports.mtu(vif))
            self._turn_on_tc_offload(port.device, uplink, bond)
            yield
        except exception.HostError:
            if not plugged:
                with contextlib.suppress(exception.HostError):
                    netdev_setup.set_down(port.device)
            raise

    def _unused_representor(self, vif: osv_vif.VIFBase) -> Iterable[str]:
        """Of a VF whose port is not in the database (any more): a process
        that was killed between two steps may have left it up."""
        if not (port_plan.is_represented(vif)
                and vif_checks.has_pci_address(vif)):
            return []
        with contextlib.suppress(exception.HostError):
            device = self._representors.find(vif.dev_address)
            if not self._ovsdb.has_port(device):
                return [device]
        return []

    def _below(self, vif: osv_vif.VIFHostDevice) -> (
            tuple[str, str | None, str | None]):
        """PCI address of the VF's PF, name of its uplink, name of the
        uplink's bond."""
        pf, _ = self._host.vf(vif.dev_address)
        uplink = self._representors.uplink(pf)
        return pf, uplink, uplink and bonds.bond_of(
            self._host.sysfs, uplink)

    def _turn_on_tc_offload(self, device: str, uplink: str | None,
                            bond: str | None) -> None:
        uplinks = (bonds.member_names(self._host.sysfs, bond) if bond
                   else [uplink] if uplink else [])
        if self.config.hw_tc_offload:
            netdev_setup.turn_on_tc_offload([device, *uplinks])


@contextlib.contextmanager
def _failing_as(
        error: type[exception.PlugFailed] | type[exception.UnplugFailed],
        vif: osv_vif.VIFBase) -> Iterator[None]:
    """Name the port and its VF in whatever goes wrong on the host."""
    try:
        yield
    except exception.HostError as e:
        raise error(port=vif.id, where=vif_checks.place_of(vif),
                    error=e) from e
