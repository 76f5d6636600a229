"""Names and numbers of the kernel, each written down once.

Sources: include/uapi/linux/{devlink,if_bonding,if_arp}.h, bond_mode_tbl in
drivers/net/bonding/bond_options.c, and get_str_mode_type and the state file
in drivers/net/ethernet/mellanox/mlx5/core/lag/debugfs.c.
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

# Two attributes of a devlink port that pyroute2 0.9 does not know
# (enum devlink_attr).
DEVLINK_ATTR_PORT_EXTERNAL = 149
DEVLINK_ATTR_PORT_CONTROLLER_NUMBER = 150

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
