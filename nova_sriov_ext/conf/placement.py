"""Options of VFs in Placement."""

from oslo_config import cfg

OPTS = [
    cfg.BoolOpt(
        'claim_in_placement',
        default=False,
        help="""
Whether this compute host has its VFs in Placement: an inventory of the
resource class ``CUSTOM_SRIOV_VF_<PHYSNET>`` for each physnet, and traits. A
scheduler with ``SriovCapacityFilter`` then claims a server's VFs there, so
that no two of them give away the same VF.

It is read by nova-compute and can be turned on and off host by host while
servers run; schedulers follow what the host says in its ``stats``, which needs
``report_capacity``. Turned off, the inventory stays, with no VF left to claim,
until ``nova-sriov placement purge`` removes it: do that before a host goes
back to Nova's own driver, which cannot start otherwise.
"""),
]
