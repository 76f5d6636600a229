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

"""Features of netdevs, by ethtool's netlink family (Linux 5.7 and later)."""

from collections.abc import Iterable
import os

from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import uapi

HW_TC_OFFLOAD = 'hw-tc-offload'

_FAMILY = 'ethtool'


def turn_on(names: Iterable[str], feature: str) -> dict[str, str]:
    """Turn a feature on; where it is on already nothing happens.

    :param names: of netdevs
    :param feature: as ``ethtool -k`` names it
    :returns: name → why it is still off, for those where it is
    """
    refusals = {name: _turn_on(name, feature) for name in names}
    return {name: why for name, why in refusals.items() if why}


def is_on(name: str, feature: str) -> bool | None:
    """:param name: of a netdev
    :param feature: as ``ethtool -k`` names it
    :returns: None where the kernel does not say
    """
    try:
        answers = nlmsg.request_of_family(
            _FAMILY, uapi.ETHTOOL_MSG_FEATURES_GET, nlmsg.nested(
                uapi.ETHTOOL_A_FEATURES_HEADER,
                nlmsg.text(uapi.ETHTOOL_A_HEADER_DEV_NAME, name)))
    except OSError:
        return None
    active = nlmsg.Attributes(answers[0], nlmsg.GENERIC.size).raw(
        uapi.ETHTOOL_A_FEATURES_ACTIVE)
    bits = nlmsg.Attributes(active, 0).raw(uapi.ETHTOOL_A_BITSET_BITS)
    # A list without a mask names those that are on.
    return any(nlmsg.Attributes(bit, 0).text(
        uapi.ETHTOOL_A_BITSET_BIT_NAME) == feature
        for _, bit in nlmsg.attributes(bits))


def _turn_on(name: str, feature: str) -> str | None:
    try:
        answers = nlmsg.request_of_family(
            _FAMILY, uapi.ETHTOOL_MSG_FEATURES_SET,
            _request(name, feature))
    except OSError as e:
        return os.strerror(e.errno) if e.errno else str(e)
    # Wanted, but not active: ethnl_set_features replies with the difference,
    # which is empty when the driver did it.
    return ('the driver does not offer it'
            if any(map(_differs, answers)) else None)


def _request(name: str, feature: str) -> bytes:
    bit = nlmsg.nested(
        uapi.ETHTOOL_A_BITSET_BITS_BIT,
        nlmsg.text(uapi.ETHTOOL_A_BITSET_BIT_NAME, feature),
        nlmsg.attribute(uapi.ETHTOOL_A_BITSET_BIT_VALUE))
    return (
        nlmsg.nested(
            uapi.ETHTOOL_A_FEATURES_HEADER,
            nlmsg.text(uapi.ETHTOOL_A_HEADER_DEV_NAME, name))
        + nlmsg.nested(
            uapi.ETHTOOL_A_FEATURES_WANTED,
            nlmsg.nested(uapi.ETHTOOL_A_BITSET_BITS, bit)))


def _differs(answer: bytes) -> bool:
    features = nlmsg.Attributes(answer, nlmsg.GENERIC.size)
    wanted = nlmsg.Attributes(
        features.raw(uapi.ETHTOOL_A_FEATURES_WANTED), 0)
    return bool(wanted.raw(uapi.ETHTOOL_A_BITSET_BITS))
