"""What a VIF object must have before anything is done with it."""

import re

from os_vif.objects import network
from os_vif.objects import vif as osv_vif

from os_vif_vflag import exception
from os_vif_vflag import ports

PROFILES = (osv_vif.VIFPortProfileOpenVSwitch,
            osv_vif.VIFPortProfileOVSRepresentor)
VIFS = (osv_vif.VIFHostDevice, osv_vif.VIFVHostUser)

# dev_valid_name, net/core/dev.c: a bridge's own port is a netdev. A slash is
# what ovs-vswitchd refuses in a bridge's name, too.
_BRIDGE = re.compile(r'(?!\.{1,2}$)[^\s/:]{1,15}')
# ETH_MIN_MTU and ETH_MAX_MTU, include/uapi/linux/if_ether.h
MTUS = range(68, 65536)


def _of_host_device(vif):
    return isinstance(vif, osv_vif.VIFHostDevice)


# (description, test), in the order in which one relies on the other. A field
# of os-vif's objects that was never set cannot be read, hence _text. A port is
# found by these alone: whatever else is wrong with it, it can be unplugged.
_TO_BE_FOUND = (
    ('it is no VIFHostDevice or VIFVHostUser',
     lambda vif: isinstance(vif, VIFS)),
    ('it has no id', lambda vif: _text(vif, 'id')),
    ('it has no Open vSwitch port profile',
     lambda vif: _has(vif, 'port_profile')
     and isinstance(vif.port_profile, PROFILES)),
    ('its port profile has no interface id',
     lambda vif: _text(vif.port_profile, 'interface_id')),
)
_TO_BE_PLUGGED = _TO_BE_FOUND + (
    ('it has no PCI address',
     lambda vif: not _of_host_device(vif) or _text(vif, 'dev_address')),
    ('it has no path of a socket',
     lambda vif: _of_host_device(vif) or _text(vif, 'path')),
    ('it has no mode, client or server',
     lambda vif: _of_host_device(vif) or _text(vif, 'mode')),
    ('it has no MAC address', lambda vif: _text(vif, 'address')),
    ('it has no network', lambda vif: _has_network(vif)),
    ('its network has no bridge', lambda vif: _text(vif.network, 'bridge')),
    ('its network\'s bridge has a name that no network device can have',
     lambda vif: _BRIDGE.fullmatch(vif.network.bridge)),
    (f'its network\'s MTU is not between {MTUS[0]} and {MTUS[-1]}',
     lambda vif: not _has(vif.network, 'mtu')
     or isinstance(vif.network.mtu, int) and vif.network.mtu in MTUS),
    ('its port profile has a datapath type that is neither system nor netdev',
     lambda vif: ports.datapath(vif) in (ports.SYSTEM, ports.NETDEV)),
)


def check_to_plug(vif, instance_info):
    """:raises exception.InvalidVif: names what is wrong and where"""
    _check(vif, _TO_BE_PLUGGED)
    if not _text(instance_info, 'uuid'):
        raise exception.InvalidVif(
            port=vif.id, vf=_shown(vif, 'dev_address'),
            problem='its server has no uuid')


def check_to_unplug(vif):
    """:raises exception.InvalidVif: names what is wrong and where"""
    _check(vif, _TO_BE_FOUND)


def bridge_of(vif):
    """:returns: name of the bridge, None where a VIF to unplug has none"""
    return (vif.network.bridge
            if _has_network(vif) and _text(vif.network, 'bridge') else None)


def place_of(vif):
    """:returns: str, where it is plugged, for messages"""
    kind, field = (('VF', 'dev_address') if _of_host_device(vif)
                   else ('socket', 'path'))
    return f'{kind} {_shown(vif, field)}'


def _check(vif, table):
    for problem, test in table:
        if not test(vif):
            raise exception.InvalidVif(
                port=_shown(vif, 'id'), vf=_shown(vif, 'dev_address'),
                problem=problem)


def _has_network(vif):
    return (_has(vif, 'network')
            and isinstance(vif.network, network.Network))


def _has(obj, field):
    return field in obj.fields and field in obj and bool(getattr(obj, field))


def _text(obj, field):
    return _has(obj, field) and isinstance(getattr(obj, field), str)


def _shown(vif, field):
    known = hasattr(vif, 'fields') and _has(vif, field)
    return getattr(vif, field) if known else 'unknown'
