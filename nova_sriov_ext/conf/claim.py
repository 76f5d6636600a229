"""Options of the claim on the compute host."""

from oslo_config import cfg

STOCK = 'stock'
ASSIGN = 'assign'

OPTS = [
    cfg.StrOpt(
        'claim_policy',
        default=STOCK,
        choices=[
            (STOCK, "Nova's own claim: each request in turn gets the first "
                      'VFs that match'),
            (ASSIGN, "all requests of a server are assigned to this host's "
                       'VFs together, by ``pf_policy``, NUMA nodes, LAG '
                       'state and eswitch mode'),
        ],
        help="""
How nova-compute chooses the PCI devices of a server among those that Nova
accepts for it. Read when nova-compute starts. With a release of Nova that the
claim was not written for, Nova's own stays, and the log and ``nova-sriov
check`` say so.
"""),
    cfg.IntOpt(
        'claim_port_timeout',
        default=5,
        min=1,
        help="""
Seconds that a claim waits for Neutron to tell what a port asks for. It asks
only on hosts that have legacy and switchdev VFs on one physnet. What it was
told is good for a minute; without an answer ``unknown_ports`` decides.
"""),
]
