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

"""Names and numbers of the kernel, each written down once.

Sources: include/uapi/linux/{devlink,ethtool_netlink,if,if_link,rtnetlink,
netlink,genetlink,if_bonding,if_arp}.h, RFC 2863 for operational states,
bond_mode_tbl in drivers/net/bonding/bond_options.c, and get_str_mode_type and
the state file in drivers/net/ethernet/mellanox/mlx5/core/lag/debugfs.c.
"""

# enum devlink_eswitch_mode. Since Linux 6.18 a third one exists: in
# switchdev, but forwarding nothing yet.
LEGACY = 'legacy'
SWITCHDEV = 'switchdev'
ESWITCH_MODES = {0: LEGACY, 1: SWITCHDEV, 2: 'switchdev_inactive'}

# enum devlink_port_flavour
PHYSICAL = 'physical'
PCI_PF = 'pcipf'
PCI_VF = 'pcivf'
PCI_SF = 'pcisf'
PORT_FLAVOURS = {
    0: PHYSICAL, 1: 'cpu', 2: 'dsa', 3: PCI_PF, 4: PCI_VF, 5: 'virtual',
    6: 'unused', 7: PCI_SF}

# enum devlink_command and devlink_attr
DEVLINK_CMD_PORT_GET = 5
DEVLINK_CMD_ESWITCH_GET = 29
DEVLINK_ATTR_BUS_NAME = 1
DEVLINK_ATTR_DEV_NAME = 2
DEVLINK_ATTR_PORT_NETDEV_IFINDEX = 6
DEVLINK_ATTR_PORT_NETDEV_NAME = 7
DEVLINK_ATTR_ESWITCH_MODE = 25
DEVLINK_ATTR_PORT_FLAVOUR = 77
DEVLINK_ATTR_PORT_NUMBER = 78
DEVLINK_ATTR_PORT_PCI_PF_NUMBER = 127
DEVLINK_ATTR_PORT_PCI_VF_NUMBER = 128
DEVLINK_ATTR_PORT_EXTERNAL = 149
DEVLINK_ATTR_PORT_CONTROLLER_NUMBER = 150

IFLA_ADDRESS = 1
IFLA_IFNAME = 3
IFLA_MTU = 4
IFLA_OPERSTATE = 16
IFLA_VFINFO_LIST = 22
IFLA_EXT_MASK = 29
IFLA_CARRIER = 33
IFLA_PHYS_SWITCH_ID = 36
IFLA_PHYS_PORT_NAME = 38
IFLA_PARENT_DEV_NAME = 56
IFLA_PARENT_DEV_BUS_NAME = 57
IF_OPER_UNKNOWN = 0
IF_OPER_UP = 6
IFF_UP = 0x1
# Above 200 VFs with their counters, the list of one netdev would be longer
# than an attribute can be (nla_len is 16 bits): they are left out.
RTEXT_FILTER_VF = 1 << 0
RTEXT_FILTER_SKIP_STATS = 1 << 3

IFLA_VF_INFO = 1
IFLA_VF_MAC = 1
IFLA_VF_VLAN = 2
IFLA_VF_SPOOFCHK = 4
IFLA_VF_LINK_STATE = 5
IFLA_VF_RATE = 6
IFLA_VF_STATS = 8
IFLA_VF_TRUST = 9
IFLA_VF_IB_NODE_GUID = 10
IFLA_VF_IB_PORT_GUID = 11
IFLA_VF_STATS_RX_PACKETS = 0
IFLA_VF_STATS_TX_PACKETS = 1
# What rtnl_fill_vfinfo (net/core/rtnetlink.c) has for what the driver does not
# report.
VF_NOT_REPORTED = 0xffffffff
IFLA_VF_LINK_STATE_AUTO = 0
ETH_ALEN = 6

RTM_NEWLINK = 16
RTM_GETLINK = 18
RTM_GETSTATS = 94
# IFLA_STATS_*, of which each is a bit of the filter (IFLA_STATS_FILTER_BIT);
# the packets of a representor that the processor has seen are among its
# IFLA_OFFLOAD_XSTATS_*.
IFLA_STATS_LINK_64 = 1
IFLA_STATS_LINK_OFFLOAD_XSTATS = 4
IFLA_OFFLOAD_XSTATS_CPU_HIT = 1

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
NLM_F_DUMP = 0x300
NLM_F_DUMP_INTR = 0x10
NETLINK_GENERIC = 16
GENL_ID_CTRL = 16
CTRL_CMD_GETFAMILY = 3
CTRL_ATTR_FAMILY_ID = 1
CTRL_ATTR_FAMILY_NAME = 2

ETHTOOL_MSG_FEATURES_GET = 11
ETHTOOL_MSG_FEATURES_SET = 12
ETHTOOL_A_FEATURES_HEADER = 1
ETHTOOL_A_FEATURES_WANTED = 3
ETHTOOL_A_FEATURES_ACTIVE = 4
ETHTOOL_A_HEADER_DEV_NAME = 2
ETHTOOL_A_BITSET_BITS = 3
ETHTOOL_A_BITSET_BITS_BIT = 1
ETHTOOL_A_BITSET_BIT_NAME = 2
ETHTOOL_A_BITSET_BIT_VALUE = 3

BOND_MODES = {
    0: 'balance-rr', 1: 'active-backup', 2: 'balance-xor', 3: 'broadcast',
    4: '802.3ad', 5: 'balance-tlb', 6: 'balance-alb'}
ACTIVE_BACKUP = BOND_MODES[1]
# mlx5_lag_check_prereq: netdev_lag_tx_type ACTIVEBACKUP or HASH, which the
# bonding driver reports for these modes (bond_lag_tx_type).
OFFLOADABLE_BOND_MODES = frozenset((ACTIVE_BACKUP, 'balance-xor', '802.3ad'))

LAG_ACTIVE = 'active'
LAG_DISABLED = 'disabled'
LAG_STATES = frozenset((LAG_ACTIVE, LAG_DISABLED))
LAG_SWITCHDEV = 'switchdev'
LAG_TYPES = frozenset(
    (LAG_SWITCHDEV, 'roce', 'multipath', 'multiport_eswitch'))

# class_attr_bonding_masters: a file among the netdevs of /sys/class/net
BONDING_MASTERS = 'bonding_masters'

# include/linux/pci_ids.h, PCI_BASE_CLASS_NETWORK: 0x0200 Ethernet, 0x0207
# InfiniBand
PCI_NETWORK = 0x02

# ARPHRD_*
LINK_TYPES = {1: 'ethernet', 32: 'infiniband'}
