"""Options of what a compute host reports."""

from oslo_config import cfg

OPTS = [
    cfg.BoolOpt(
        'report_capacity',
        default=True,
        help="""
Whether nova-compute reports its SR-IOV PFs (physnet, eswitch mode, VFs in
total) in the ``stats`` of its compute node, where ``nova-sriov capacity
list`` reads them. Turning it off takes them away at the next update of the
resource tracker; scheduling does not depend on them.
"""),
]
