"""The netdevs of a VF: its own, its representor and the uplinks below."""

from oslo_log import log as logging

from os_vif_vflag import exception
from os_vif_vflag import privsep

LOG = logging.getLogger(__name__)

_WORDS = {'mtu': 'MTU', 'address': 'MAC'}


def set_up(device, mtu=None, address=None):
    """:param mtu: bytes, None leaves it as it is
    :param address: MAC, None leaves it as it is
    :raises exception.LinkFailed
    """
    _set(device, 'up', mtu=mtu, address=address)


def set_down(device):
    """:raises exception.LinkFailed"""
    _set(device, 'down')


def turn_on_tc_offload(names):
    """Turn hw-tc-offload on where the drivers offer it."""
    for name, why in privsep.turn_on_tc_offload(names).items():
        LOG.debug('hw-tc-offload of %s stays off: %s', name, why)


def _set(device, state, **more):
    try:
        privsep.set_link(device, state, **more)
    except OSError as e:
        what = ' '.join([state] + [f'with {_WORDS[key]} {value}' for key, value
                                   in more.items() if value is not None])
        raise exception.LinkFailed(
            device=device, what=what, error=e.strerror) from None
