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
"""The tables of ``nova-sriov vf``."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping

from nova_sriov_ext.cmd import host_tables
from nova_sriov_ext.cmd import vf_report

# IFLA_VF_LINK_STATE_*
_LINK_STATES = {0: 'auto', 1: 'enable', 2: 'disable'}
_SWITCHES = {0: 'off', 1: 'on'}

_HEAD = ('VF', 'PF', 'Physnet', 'Server', 'OVS port', 'Bond', 'LAG',
         'Packets', 'Hardware %', 'Flows', 'Verdict', 'Cause')


def several(found: Iterable[vf_report.Vf]) -> host_tables.Table:
    return _HEAD, [(
        one.vf.address, one.pf.uplink or one.pf.address, one.physnet,
        one.use.instance, one.use.port, one.pf.bond, one.lag.state,
        one.packets, _percent(one), _flows(one), one.verdict.value, one.cause)
        for one in found]


def one(found: vf_report.Vf) -> tuple[tuple[str, ...], tuple[object, ...]]:
    rows = {**_place(found), **_packets(found), **_settings(found)}
    return tuple(rows), tuple(rows.values())


def _place(found: vf_report.Vf) -> dict[str, object]:
    pf, vf, use = found.pf, found.vf, found.use
    return {
        'vf': vf.address, 'number': vf.number, 'pf': pf.address,
        'uplink': pf.uplink, 'mode': pf.mode, 'physnet': found.physnet,
        'bond': pf.bond, 'lag': found.lag.state,
        'lag_reason': found.lag.reason or None, 'driver': vf.driver,
        'netdev': vf.netdev, 'representor': vf.representor,
        'ovs_port': use.port, 'server': use.instance,
        'port': use.port_id, 'port_mac': use.mac,
        'verdict': found.verdict.value, 'cause': found.cause}


def _packets(found: vf_report.Vf) -> dict[str, object]:
    traffic = found.traffic
    return {
        'packets': found.packets,
        'packets_of_flows': traffic and traffic.packets,
        'packets_in_hardware': traffic and traffic.offloaded,
        'packets_seen_by_processor': traffic and traffic.seen,
        'hardware_percent': _percent(found),
        'flows': traffic and traffic.flows,
        'flows_in_hardware': traffic and traffic.offloaded_flows}


def _settings(found: vf_report.Vf) -> dict[str, object]:
    """What the driver of the PF does not report is None."""
    kept = found.settings
    vlan, rate = kept.get('vlan'), kept.get('rate')
    return {
        'mac': kept.get('mac'),
        **(dict(vlan) if isinstance(vlan, Mapping)
           else {'vlan': None, 'qos': None}),
        **(dict(rate) if isinstance(rate, Mapping)
           else {'min_tx_rate': None, 'max_tx_rate': None}),
        'spoofchk': _word(_SWITCHES, kept.get('spoofchk')),
        'trust': _word(_SWITCHES, kept.get('trust')),
        'link_state': _word(_LINK_STATES, kept.get('link_state'))}


def _word(words: Mapping[int, str], number: object) -> object:
    return words.get(number, number) if isinstance(number, int) else None


def _percent(found: vf_report.Vf) -> float | None:
    share = found.traffic.share if found.traffic else None
    return None if share is None else round(share * 100, 1)


def _flows(found: vf_report.Vf) -> str | None:
    traffic = found.traffic
    return f'{traffic.offloaded_flows}/{traffic.flows}' if traffic else None
