"""Options of plug and unplug."""

from oslo_config import cfg

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
]
