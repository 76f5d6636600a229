"""The os-vif plugin ``vflag``."""

import contextlib

from os_vif import plugin
from os_vif.objects import host_info
from os_vif.objects import vif as osv_vif

from os_vif_vflag import conf
from os_vif_vflag import exception
from os_vif_vflag import ovsdb
from os_vif_vflag import privsep
from os_vif_vflag.host import Host
from os_vif_vflag.representor import Finder

NAME = 'vflag'

# Neutron's agent creates trunk bridges with this prefix, see
# neutron/services/trunk/drivers/openvswitch/constants.py. It waits for
# os-vif to add one, and os-vif takes it away with the parent port.
_TRUNK_PREFIX = 'tbr-'

_PROFILES = (osv_vif.VIFPortProfileOpenVSwitch,
             osv_vif.VIFPortProfileOVSRepresentor)


class VFLagPlugin(plugin.PluginBase):
    """Plugs the representor of an SR-IOV VF into Open vSwitch."""

    CONFIG_OPTS = conf.OPTS

    def __init__(self, config):
        super().__init__(config)
        self._representors = Finder(Host())
        self._ovsdb = ovsdb.OvsDb(
            config.ovsdb_connection, config.ovsdb_timeout)

    def describe(self):
        profiles = [
            host_info.HostPortProfileInfo(
                profile_object_name=profile.__name__,
                min_version='1.0', max_version=profile.VERSION)
            for profile in _PROFILES]
        vif = host_info.HostVIFInfo(
            vif_object_name=osv_vif.VIFHostDevice.__name__,
            min_version='1.0',
            max_version=osv_vif.VIFHostDevice.VERSION,
            supported_port_profiles=profiles)
        return host_info.HostPluginInfo(
            plugin_name=NAME, vif_info=[vif])

    def plug(self, vif, instance_info):
        """Find the VF's representor, raise it, put it into Open vSwitch.

        Safe to repeat. When it fails, Open vSwitch is as before, and a
        representor that was not plugged before is down.

        :param vif: os_vif.objects.vif.VIFHostDevice
        :param instance_info: os_vif.objects.instance_info.InstanceInfo
        :raises exception.InvalidVif: the VIF object lacks something
        :raises exception.PlugFailed: names port, VF, cause and remedy
        """
        _check(vif)
        with _failing_as(exception.PlugFailed, vif):
            device = self._representors.find(vif.dev_address)
            port = _ovs_port(vif, device, instance_info.uuid)
            if not (port.create_bridge
                    or self._ovsdb.has_bridge(port.bridge)):
                raise exception.BridgeNotFound(
                    bridge=port.bridge, device=device)
            # A server may be using it: nova-compute plugs all its servers'
            # ports again when it starts.
            plugged = self._ovsdb.is_plugged(port)
            _set_link(device, 'up', self._mtu(vif))
            try:
                self._ovsdb.plug(port)
            except exception.HostError:
                if not plugged:
                    with contextlib.suppress(exception.HostError):
                        _set_link(device, 'down')
                raise

    def unplug(self, vif, instance_info):
        """Take the port out of Open vSwitch and its representor down.

        The port is found by its ``iface-id``, whatever became of the
        representor. What is not there needs no unplugging.

        :param vif: os_vif.objects.vif.VIFHostDevice
        :param instance_info: os_vif.objects.instance_info.InstanceInfo
        :raises exception.InvalidVif: the VIF object lacks something
        :raises exception.UnplugFailed: names port, VF, cause and remedy
        """
        _check(vif)
        with _failing_as(exception.UnplugFailed, vif):
            bridge = vif.network.bridge
            devices = self._ovsdb.unplug(
                vif.port_profile.interface_id,
                bridge if bridge.startswith(_TRUNK_PREFIX) else None)
            for device in {*devices, *self._unused_representor(vif)}:
                # A representor that is gone cannot be set down, and is not
                # missed.
                with contextlib.suppress(exception.LinkFailed):
                    _set_link(device, 'down')

    def _unused_representor(self, vif):
        """Of a VF whose port is not in the database (any more): a process
        that was killed between two steps may have left it up."""
        with contextlib.suppress(exception.HostError):
            device = self._representors.find(vif.dev_address)
            if not self._ovsdb.has_port(device):
                return [device]
        return []

    def _mtu(self, vif):
        network = vif.network
        return (network.mtu if 'mtu' in network and network.mtu
                else self.config.network_device_mtu)


def _ovs_port(vif, device, vm_uuid):
    bridge = vif.network.bridge
    return ovsdb.OvsPort(
        bridge=bridge,
        device=device,
        iface_id=vif.port_profile.interface_id,
        mac=vif.address,
        vm_uuid=vm_uuid,
        create_bridge=bridge.startswith(_TRUNK_PREFIX))


def _set_link(device, state, mtu=None):
    try:
        privsep.set_link(device, state, mtu)
    except OSError as e:
        what = state if mtu is None else f'{state} with MTU {mtu}'
        raise exception.LinkFailed(
            device=device, what=what, error=e.strerror) from None


# What a VIF object must have: (description, test). os-vif's objects raise
# NotImplementedError when a field that was never set is read, hence "in".
_NEEDED = (
    ('it is no VIFHostDevice',
     lambda vif: isinstance(vif, osv_vif.VIFHostDevice)),
    ('it has no PCI address', lambda vif: _has(vif, 'dev_address')),
    ('it has no MAC address', lambda vif: _has(vif, 'address')),
    ('it has no network', lambda vif: _has(vif, 'network')),
    ('its network has no bridge', lambda vif: _has(vif.network, 'bridge')),
    ('it has no Open vSwitch port profile',
     lambda vif: _has(vif, 'port_profile')
     and isinstance(vif.port_profile, _PROFILES)),
    ('its port profile has no interface id',
     lambda vif: _has(vif.port_profile, 'interface_id')),
)


def _has(obj, field):
    return field in obj and bool(getattr(obj, field))


def _check(vif):
    for problem, test in _NEEDED:
        if not test(vif):
            raise exception.InvalidVif(
                port=vif.id if 'id' in vif else 'unknown', problem=problem)


@contextlib.contextmanager
def _failing_as(error, vif):
    """Name the port and its VF in whatever goes wrong on the host."""
    try:
        yield
    except exception.HostError as e:
        raise error(port=vif.id, vf=vif.dev_address, error=e) from e
