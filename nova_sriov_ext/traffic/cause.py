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
"""Why the traffic of a VF is not in hardware: the first cause, from the
ground up, with the remedy."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses

from nova_sriov_ext.traffic import verdict
from os_vif_vflag.host import model
from os_vif_vflag.ovs import flows

_HW_OFFLOAD = 'ovs-vsctl set Open_vSwitch . other_config:hw-offload=true'

# By the layer of a flow that is not in hardware.
_LAYERS = {
    'ovs': 'in the datapath of Open vSwitch: look for "failed to offload" in '
           'the log of ovs-vswitchd',
    'tc': 'in tc, but not in the driver: look for not_in_hw in "tc -s filter '
          'show dev {netdev} ingress", there and on uplink or bond, and at '
          'the log of the kernel',
    flows.PARTIAL: 'in hardware in part only: look at the log of '
                   'ovs-vswitchd',
}
_ANY_LAYER = ('of which this Open vSwitch does not say where they are: 2.12 '
              'and later do')


@dataclasses.dataclass(frozen=True)
class Settings:
    """What has to be set for any flow to be in hardware.

    :ivar hw_offload: ``other_config:hw-offload`` of Open vSwitch, None where
        its database does not answer
    :ivar tc_offload: netdev → ``hw-tc-offload``, None where the kernel does
        not say
    """

    hw_offload: bool | None = None
    tc_offload: Mapping[str, bool | None] = dataclasses.field(
        default_factory=dict)


def of(pf: model.PF, vf: model.VF, port: str | None, settings: Settings,
       traffic: verdict.Traffic | None) -> str | None:
    """:param pf: of the VF, in switchdev mode
    :param port: name of its Open vSwitch port, None without one
    :param traffic: None where it could not be read
    :returns: None where nothing is wrong
    """
    if vf.representor is None:
        return 'it does not have a representor: see "nova-sriov host show"'
    if port is None:
        # A database that does not answer names no port either.
        return None if settings.hw_offload is None else (
            f'its representor {vf.representor} is not a port of Open vSwitch: '
            'see the log of nova-compute; ports of DPDK are not judged')
    if traffic is None or traffic.verdict is verdict.Verdict.HARDWARE:
        return None
    return _off(pf, vf.representor, settings) or _software(
        vf.representor, traffic)


def of_legacy(packets: int | None, by_netdev: bool) -> str | None:
    """Of a VF in legacy mode.

    :param packets: None where the PF does not count them
    :param by_netdev: whether a guest has its netdev
    """
    if by_netdev:
        return ('macvtap: each packet passes the processor, between the VF '
                'and the guest')
    if packets is None:
        return 'the driver of its PF does not count the packets of its VFs'
    return None


def _off(pf: model.PF, representor: str, settings: Settings) -> str | None:
    if settings.hw_offload is False:
        return (f'hw-offload is off in Open vSwitch: "{_HW_OFFLOAD}", then '
                'restart ovs-vswitchd')
    for netdev in (pf.uplink, representor):
        if netdev and settings.tc_offload.get(netdev) is False:
            return (f'hw-tc-offload is off on {netdev}: "ethtool -K {netdev} '
                    'hw-tc-offload on"')
    return None


def _software(representor: str, traffic: verdict.Traffic) -> str | None:
    software = traffic.flows - traffic.offloaded_flows
    if software:
        # From the ground up: what tc has not was refused before the driver.
        layer = next((one for one in _LAYERS if one in traffic.layers), None)
        words = _LAYERS[layer] if layer else _ANY_LAYER
        return (f'{software} of {traffic.flows} flows in software, '
                f'{words.format(netdev=representor)}')
    if traffic.verdict is verdict.Verdict.PARTLY:
        return (f'the processor has seen {traffic.seen} packets, though all '
                f'{traffic.flows} flows are in hardware: they come and go, or '
                'the driver does not carry them all the time')
    if traffic.verdict is verdict.Verdict.SOFTWARE:
        return ('the processor has seen all packets, and Open vSwitch has no '
                'flow for them')
    if traffic.verdict is verdict.Verdict.UNKNOWN:
        return ('its representor has counted packets, but none of the flows '
                'that are left had any: look again while there is traffic')
    return None
