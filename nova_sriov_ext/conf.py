"""Options of the group ``[sriov]`` in nova.conf."""

from oslo_config import cfg

GROUP = 'sriov'

OPTS = [
    cfg.StrOpt(
        'representor_plugin',
        default='vflag',
        choices=[
            ('vflag', "this project's os-vif plugin"),
            ('ovs', "os-vif's own plugin, as stock Nova uses it"),
        ],
        help="""
The os-vif plugin that puts the representor of a switchdev VF into Open
vSwitch. Both unplug what the other has plugged, so it can be changed while
servers run.
"""),
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


def register(conf):
    """Register the options.

    :param conf: oslo_config.cfg.ConfigOpts
    :returns: conf
    """
    conf.register_opts(OPTS, group=GROUP)
    return conf


def list_opts():
    """Options for oslo-config-generator.

    :returns: list of (group name, list of oslo.config options)
    """
    return [(GROUP, OPTS)]
