"""Options of the plugin, in the group ``[os_vif_vflag]``.

Names, defaults and meaning are those of os-vif's own ``ovs`` plugin wherever
both have the option, so that an operator can copy ``[os_vif_ovs]``.
"""

from oslo_config import cfg

GROUP = 'os_vif_vflag'

OPTS = [
    cfg.StrOpt(
        'ovsdb_connection',
        default='tcp:127.0.0.1:6640',
        help="""
Where ovsdb-server of this host listens, as Open vSwitch writes it:
``tcp:IP:PORT`` or ``unix:FILE``.
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
MTU in bytes of a representor whose network states none.
"""),
]


def list_opts():
    """Options for oslo-config-generator.

    :returns: list of (group name, list of oslo.config options)
    """
    return [(GROUP, OPTS)]
