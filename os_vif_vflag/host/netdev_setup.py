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

"""The netdevs of a VF: its own, its representor and the uplinks below."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import TypeVar

from oslo_log import log as logging

from os_vif_vflag.host import errors
from os_vif_vflag.privileged import calls
from os_vif_vflag.privileged import daemon

LOG = logging.getLogger(__name__)
_Answer = TypeVar('_Answer')


def set_up(device: str, mtu: int | None = None,
           address: str | None = None) -> None:
    """:param mtu: bytes, None leaves it as it is
    :param address: MAC, None leaves it as it is
    :raises errors.LinkFailed, exception.PrivilegesMissing
    """
    what = ' and '.join(f'{name} {value}' for name, value in (
        ('MTU', mtu), ('MAC', address)) if value is not None)
    _set(device, f'up with {what}' if what else 'up',
         calls.set_link, device, 'up', mtu, address)


def set_down(device: str) -> None:
    """:raises errors.LinkFailed, exception.PrivilegesMissing"""
    _set(device, 'down', calls.set_link, device, 'down')


def turn_on_tc_offload(names: Sequence[str]) -> None:
    """Turn hw-tc-offload on where the drivers offer it.

    :raises errors.LinkFailed, exception.PrivilegesMissing
    """
    for name, why in _set(', '.join(names), 'to hw-tc-offload',
                          calls.turn_on_tc_offload, names).items():
        LOG.debug('hw-tc-offload of %s stays off: %s', name, why)


def _set(device: str, what: str, function: Callable[..., _Answer],
         *args: object) -> _Answer:
    """:param what: a device is set, for messages"""
    try:
        return daemon.call(device, function, *args)
    except OSError as e:
        raise errors.LinkFailed(
            device=device, what=what, error=e.strerror) from None
