"""Options of the weighers.

Each can be overridden for the hosts of an aggregate by a key of the same
name in the aggregate's metadata, as those of Nova's own weighers.
"""

from oslo_config import cfg

OPTS = [
    cfg.FloatOpt(
        'vf_weight_multiplier',
        default=-1.0,
        help="""
How much the free VFs of the physnets that a server asks for count when its
host is chosen. Negative: pack, hosts with few free VFs first, so that others
keep many for the server that asks for many at once. Positive: spread. 0: do
not count. Nova's PCIWeigher packs by all PCI devices, whatever their physnet;
set ``[filter_scheduler] pci_weight_multiplier = 0`` to let this one decide
alone.

Overridden for the hosts of an aggregate by its metadata key
``vf_weight_multiplier``.
"""),
    cfg.FloatOpt(
        'pci_avoidance_weight_multiplier',
        default=1.0,
        min=0.0,
        help="""
How much hosts with free VFs are avoided for servers that ask for no PCI
device. Nova's PCIWeigher does so too: this one takes over where its multiplier
is 0.

Overridden for the hosts of an aggregate by its metadata key
``pci_avoidance_weight_multiplier``.
"""),
    cfg.FloatOpt(
        'lag_weight_multiplier',
        default=1000000.0,
        min=0.0,
        help="""
How much hosts are avoided whose VF-LAG on a physnet that the server asks for
is degraded, and still more where it is inactive, for servers whose lag policy
is ``weigh``. The default is above the sum of all other weighers, so that such
a host comes last.

Overridden for the hosts of an aggregate by its metadata key
``lag_weight_multiplier``.
"""),
]
