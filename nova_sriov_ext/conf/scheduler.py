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

"""Options of the filter."""

import re

from oslo_config import cfg
from oslo_config import types

_ACCEPT = ('accept', 'take the host as if it suited')
_REJECT = ('reject', 'refuse the host')

_KEPT = re.compile(r'\d+%?')


class _Reserves(types.Dict):
    """Its error names the physnet; that of types.Dict has the value alone."""

    def __call__(self, value: object) -> dict[str, str]:
        found: dict[str, str] = super().__call__(value)
        for physnet, kept in found.items():
            if not _KEPT.fullmatch(kept):
                raise ValueError(f'{physnet}: {kept!r} is neither a number '
                                 'of VFs nor a percentage of them')
        return found


OPTS = [
    cfg.StrOpt(
        'plain_port_mode',
        default='any',
        choices=[
            ('any', 'VFs of PFs in either eswitch mode'),
            ('legacy', 'only VFs of PFs in legacy mode'),
        ],
        help="""
What a port gets that does not request switchdev. A port requests it by its
attribute ``hardware_offload_type``, by ``["switchdev"]`` as the
``capabilities`` in its binding profile before its first bind, by having a
switchdev VF, or by being on a tunnelled network (``tunnelled_port_mode``). A
released port that had a switchdev VF last prefers one, and gets either with
``legacy``, too.
"""),
    cfg.StrOpt(
        'tunnelled_port_mode',
        default='switchdev',
        choices=[
            ('switchdev', 'only VFs of PFs in switchdev mode'),
            ('plain', 'what a port on a physnet gets: switchdev if it '
                      'requests it, else what ``plain_port_mode`` says'),
        ],
        help="""
What a port on a tunnelled network gets, one without a physical network, which
takes VFs with ``"physical_network": null`` in ``[pci] device_spec``. VXLAN and
Geneve need the host's Open vSwitch, so switchdev; ``plain`` is for clouds
where the switches put such networks into VLANs (hierarchical port binding).
Set it for nova-scheduler and nova-compute alike.
"""),
    cfg.StrOpt(
        'unknown_mode',
        default='accept',
        choices=[_ACCEPT, _REJECT],
        help="""
What the filter does for a port that may not get just any VF, where the
eswitch mode of a PF is not known: its compute host does not report it, and
``[pci] device_spec`` there has no tag ``eswitch_mode``.
"""),
    cfg.StrOpt(
        'unknown_ports',
        default='accept',
        choices=[
            ('accept', 'go on as if no port requested switchdev'),
            ('reject', 'refuse every host'),
        ],
        help="""
What the filter, and a claim with ``claim_policy = assign``, do when the ports
of a server cannot be read from Neutron.
"""),
    cfg.IntOpt(
        'port_timeout',
        default=5,
        min=1,
        help="""
Seconds that the filter and a claim wait for Neutron (and Keystone) when they
read what the ports of a server request; without an answer ``unknown_ports``
decides. ``[neutron] timeout`` does not matter here. A claim reads it only on
hosts that have legacy and switchdev VFs on one physnet. After a look-up that
took more than a second and failed, no request waits: one of them tries again
every ten seconds, the others go on without an answer at once.
"""),
    cfg.StrOpt(
        'lag_policy',
        default='weigh',
        choices=[
            ('ignore', 'take such hosts as any other'),
            ('weigh', 'take them last; needs SriovLagWeigher'),
            ('reject', 'refuse hosts where the VFs would come from such a '
                       'PF'),
        ],
        help="""
What to do about PFs that are in a bond whose VF-LAG is inactive or degraded.
A flavor overrides it with the extra spec ``sriov:lag_policy``.
"""),
    cfg.StrOpt(
        'pf_policy',
        default='pack',
        choices=[
            ('spread', 'from different PFs; hosts where they would not are '
                       'refused'),
            ('prefer_spread', 'from different PFs where that is possible'),
            ('pack', 'from as few PFs as possible'),
        ],
        help="""
Where the VFs of one server and physnet come from. ``prefer_spread`` and
``pack`` are a matter of the claim on the compute host alone; Nova's own claim
packs. With ``spread``, the guest may bond its VFs. A flavor overrides it with
the extra spec ``sriov:pf_policy``.
"""),
    cfg.Opt(
        'vf_reserve',
        type=_Reserves(types.String()),
        default={},
        help="""
How many VFs of a physnet stay free on each host for the flavors that have the
extra spec ``sriov:ignore_reserve = true``: per physnet a number, or a
percentage of the host's VFs, rounded up, e.g. ``physnet2:4,physnet3:10%``. The
physnet ``null`` stands for tunnelled networks, as in ``[pci] device_spec``. A
percentage holds where the host reports its VFs (``report_capacity``).

Set it for nova-scheduler, and with ``claim_policy = assign`` for nova-compute
as well: there it holds where no filter is run, for ports that are attached
and for hosts that are forced.
"""),
    cfg.BoolOpt(
        'evacuation_uses_reserve',
        default=True,
        help="""
Whether servers that are evacuated from a host that is down may use what is
reserved (``vf_reserve``). For nova-scheduler and nova-compute alike.
"""),
    cfg.BoolOpt(
        'query_placement',
        default=False,
        help="""
Whether Placement searches for the VFs that the ports of a server request, so
that it returns only hosts that have them free. Nova queries Placement for at
most ``[scheduler] max_placement_results`` hosts, and filters those: where few
hosts of many have VFs, none of them may be among these.

For nova-scheduler with ``SriovCapacityFilter``. Turn it on only where every
host with VFs of a physnet publishes them (``claim_in_placement``), for a host
that does not is not found any more; ``nova-sriov check`` says which these are.
"""),
]
