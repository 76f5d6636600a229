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
]
