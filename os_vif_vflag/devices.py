"""The netdevs of a VF: its representor and the uplinks below."""

from oslo_log import log as logging

from os_vif_vflag import exception
from os_vif_vflag import privsep

LOG = logging.getLogger(__name__)


def set_up(device, mtu):
    """:raises exception.LinkFailed"""
    _set(device, 'up', mtu)


def set_down(device):
    """:raises exception.LinkFailed"""
    _set(device, 'down')


def turn_on_tc_offload(names):
    """Turn hw-tc-offload on where the drivers offer it."""
    for name, why in privsep.turn_on_tc_offload(names).items():
        LOG.debug('hw-tc-offload of %s stays off: %s', name, why)


def _set(device, state, mtu=None):
    try:
        privsep.set_link(device, state, mtu)
    except OSError as e:
        what = state if mtu is None else f'{state} with MTU {mtu}'
        raise exception.LinkFailed(
            device=device, what=what, error=e.strerror) from None
