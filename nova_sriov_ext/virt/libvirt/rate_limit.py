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

"""A flavor's ``quota:vif_*`` as the rate limit of a VF.

libvirt refuses ``<bandwidth>`` for a hostdev interface: no packet of the
guest passes the host, where it shapes with tc. The card can do it.
"""

from __future__ import annotations

from collections.abc import Mapping
import contextlib
import functools

from nova import objects
from nova.network import model
from oslo_log import log as logging

from nova_sriov_ext import exception
from os_vif_vflag.kernel import vfinfo

LOG = logging.getLogger(__name__)

_PREFIX = 'quota:vif_'
_AVERAGE, _PEAK = 'outbound_average', 'outbound_peak'
_WITHOUT_EQUIVALENT = ('inbound_average', 'inbound_peak', 'inbound_burst',
                       'outbound_burst')
# libvirt counts in kilobytes per second, of 1000 bytes, as it hands them to
# tc (virNetDevBandwidthSet: "kbps"); the kernel in Mbit/s, in 32 bits.
_KILOBYTES_PER_MBIT = 125
MBITS = range(1 << 32)


def wanted(instance: objects.Instance, vif: model.VIF) -> vfinfo.Settings:
    """The most is the peak, or the average where a peak is not given; then
    the average is what is assured (min_tx_rate), where the driver takes
    that.

    It is what libvirt makes of them in a class of tc's HTB: rate and ceil.

    :returns: empty, or ``rate``
    :raises exception.InvalidPort: not a number, or a peak below the average
    """
    for name in _WITHOUT_EQUIVALENT:
        if name in _quotas(instance.flavor):
            _warn(instance.flavor.name, name)
    rate = _rate(instance.flavor, vif)
    return {'rate': rate} if rate else {}


def _rate(flavor: objects.Flavor, vif: model.VIF) -> dict[str, int] | None:
    """:returns: min_tx_rate and max_tx_rate; None without a limit"""
    quotas = _quotas(flavor)
    average, peak = (_mbits(quotas, name, flavor, vif)
                     for name in (_AVERAGE, _PEAK))
    if not average and not peak:
        return None
    if average and peak and peak < average:
        raise _invalid(
            vif, flavor, _PEAK, quotas[_PEAK],
            f'less than {_PREFIX}{_AVERAGE} {quotas[_AVERAGE]}')
    return {'min_tx_rate': average if peak else 0,
            'max_tx_rate': peak or average}


def warn_of_all(instance: objects.Instance) -> None:
    """Of a VIF that nothing on the host can limit."""
    for name in _quotas(instance.flavor):
        _warn(instance.flavor.name, name)


def ours(instance: objects.Instance,
         vif: model.VIF) -> list[vfinfo.Settings]:
    """What wanted may have given for this server. A resize leaves the source
    host when the flavor is the new one.

    :returns: each with ``rate``; with and without what is assured, which not
        every driver takes
    """
    flavors = [getattr(instance, name)
               for name in ('flavor', 'old_flavor', 'new_flavor')
               if instance.obj_attr_is_set(name)]
    rates = []
    for flavor in filter(None, flavors):
        with contextlib.suppress(exception.InvalidPort):
            rates.append(_rate(flavor, vif))
    return [{'rate': {'min_tx_rate': assured,
                      'max_tx_rate': rate['max_tx_rate']}}
            for rate in filter(None, rates)
            for assured in sorted({0, rate['min_tx_rate']})]


def _quotas(flavor: objects.Flavor) -> dict[str, str]:
    """The extra specs, by the name behind the prefix."""
    return {key.removeprefix(_PREFIX): value
            for key, value in flavor.extra_specs.items()
            if key.startswith(_PREFIX)}


def _mbits(quotas: Mapping[str, str], name: str, flavor: objects.Flavor,
           vif: model.VIF) -> int:
    """Rounded up: 0 would be no limit."""
    text = quotas.get(name, '0')
    try:
        kilobytes = int(text)
    except ValueError:
        kilobytes = -1
    mbits = -(-kilobytes // _KILOBYTES_PER_MBIT)
    if kilobytes < 0 or mbits not in MBITS:
        raise _invalid(
            vif, flavor, name, text,
            'not a whole number from 0 to '
            f'{MBITS[-1] * _KILOBYTES_PER_MBIT}')
    return mbits


def _invalid(vif: model.VIF, flavor: objects.Flavor, name: str, text: str,
             what: str) -> exception.InvalidPort:
    return exception.InvalidPort(
        port=vif['id'],
        problem=f'its server\'s flavor {flavor.name} has {_PREFIX}{name} '
                f'{text!r}, which is {what}',
        remedy='Give it in kilobytes per second, or unset it in the flavor')


@functools.cache
def _warn(flavor: str, name: str) -> None:
    LOG.warning(
        'Flavor %(flavor)s has %(quota)s, which no card does for a VIF of '
        'this kind: only the outbound average and peak of Ethernet VFs limit '
        'anything', {'flavor': flavor, 'quota': _PREFIX + name})
