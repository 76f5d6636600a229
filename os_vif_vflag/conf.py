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

"""Options of the plugin, in the group ``[os_vif_vflag]``.

Names, defaults and meaning are those of os-vif's own ``ovs`` plugin wherever
both have the option, so that an operator can copy ``[os_vif_ovs]``.
"""

from oslo_config import cfg
from oslo_privsep import priv_context

from os_vif_vflag import lag_policy

GROUP = 'os_vif_vflag'
# Of the process with CAP_NET_ADMIN.
PRIVILEGED = 'vif_vflag_privileged'

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        'ovsdb_connection',
        default='tcp:127.0.0.1:6640',
        help="""
Where ovsdb-server of this host listens, as Open vSwitch writes it:
``tcp:IP:PORT``, ``ssl:IP:PORT`` or ``unix:FILE``. Of a clustered database all
members, separated by commas: the leader is found and followed.
"""),
    cfg.StrOpt(
        'ssl_key_file',
        help="""
File with the private key for an ``ssl:`` connection, not encrypted. The three
options for TLS have the names that Neutron's agent gives them in ``[ovs]``,
and mean the same; its values can be copied where this process may read the
files. They hold for every connection of python-ovs in this process.
"""),
    cfg.StrOpt(
        'ssl_cert_file',
        help="""
File with the certificate that belongs to ``ssl_key_file``; the authority that
ovsdb-server trusts must have signed it.
"""),
    cfg.StrOpt(
        'ssl_ca_cert_file',
        help="""
File with the certificate of the authority that signed ovsdb-server's.
"""),
    cfg.IntOpt(
        'ovsdb_timeout',
        default=120, min=1,
        deprecated_name='ovs_vsctl_timeout',
        help="""
Seconds that one plug or unplug waits for ovsdb-server and ovs-vswitchd, each
time it needs them. When they do not answer, the call fails with an error that
says so, and what it did is taken back.
"""),
    cfg.IntOpt(
        'network_device_mtu',
        default=1500, min=68, max=65535,
        help="""
MTU in bytes of a representor whose network does not state one.
"""),
    cfg.BoolOpt(
        'isolate_vif',
        default=False,
        help="""
Whether a port that plug creates is in the dead VLAN 4095 until Neutron's Open
vSwitch agent sets its VLAN, so that no packet passes before. Only for
Neutron's Open vSwitch agent: with OVN nobody would ever take it out of there.
Ports of trunk bridges and ports that exist are left as they are.
"""),
    cfg.StrOpt(
        'default_qos_type',
        default='linux-noop',
        choices=['linux-htb', 'linux-hfsc', 'linux-sfq', 'linux-codel',
                 'linux-fq_codel', 'linux-noop'],
        help="""
Type of the row in the table QoS that a port of the kernel's datapath gets
when plug creates it. With ``linux-noop`` Open vSwitch leaves the queues of
the device alone. A port that exists keeps what it has.
"""),
    cfg.BoolOpt(
        'hw_tc_offload',
        default=True,
        help="""
Whether each plug turns the feature ``hw-tc-offload`` of the representor and
of its PF's uplink on (with all members of the bond where the uplink is in
one), as ``ethtool -K`` does. Without it Open vSwitch forwards every packet in
software, whatever ``other_config:hw-offload`` says. A driver that does not
offer it is not an error. When false, plug leaves the feature as it is.
"""),
    cfg.StrOpt(
        'lag_policy',
        default=lag_policy.WARN,
        choices=[
            (lag_policy.IGNORE, 'it is plugged; the bond is not looked at'),
            (lag_policy.WARN, 'it is plugged, with a warning in the log that '
             'says why'),
            (lag_policy.REQUIRE, 'it is refused; where it is plugged already '
             '(nova-compute plugs again when it starts), a warning'),
        ],
        help="""
What becomes of a VF whose PF is in a bond, when the card does not forward for
that bond as a whole (VF-LAG): its traffic then ends with the link of its own
PF. A VF-LAG that is active, but lacks a link (degraded), forwards: such a VF
is plugged, with a warning unless this is ``ignore``. Does not matter for VFs
of PFs without a bond, nor for DPDK.
"""),
]


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Groups and options, for oslo-config-generator and -validator."""
    # oslo.privsep lists its own for the group [privsep] alone.
    return [(GROUP, OPTS), (PRIVILEGED, priv_context.OPTS)]
