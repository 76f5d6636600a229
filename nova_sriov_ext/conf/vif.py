"""Options of interfaces, plug and unplug."""

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
    cfg.DictOpt(
        'default_profile_ids',
        default={},
        help="""
802.1Qbh (VM-FEX) port profiles of the switch by physnet, like
``physnet2:gold,physnet3:silver``: for ports of vif_type 802.1qbh whose
binding names none, neither as ``profileid`` in binding:vif_details nor in
binding:profile.
"""),
]
