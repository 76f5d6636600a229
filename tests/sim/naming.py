#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""How drivers name the ports of an eswitch in phys_port_name."""

from collections.abc import Callable
import dataclasses


@dataclasses.dataclass(frozen=True)
class Naming:
    """One driver's habit.

    :param uplink: port of the card → name of the uplink; None: no name
    :param vf: port of the card, number of the VF → name of the representor
    :param legacy: the PF has its phys_port_name and its phys_switch_id in
        legacy mode as well
    """

    uplink: Callable[[int], str] | None
    vf: Callable[[int, int], str]
    legacy: bool = True


def _uplink(port: int) -> str:
    return f'p{port}'


def _split_uplink(port: int) -> str:
    return f'p{port}s0'


def _pf_vf(port: int, vf: int) -> str:
    return f'pf{port}vf{vf}'


def _vf_at_pf(port: int, vf: int) -> str:
    return f'vf{vf}@pf{port}'


def _number(port: int, vf: int) -> str:
    return str(vf)


# A driver that registers a devlink port for its PF does so in both modes and
# gives it a switch_id whatever the mode: mlx5/core/en/devlink.c
# (mlx5e_devlink_port_register), ice (ice_devlink_create_pf_port), bnxt
# (bnxt_dl_register), nfp (nfp_devlink_port_register). net/core/dev.c
# (dev_get_port_parent_id) falls back to that.
NAMINGS = {
    'mlx5': Naming(_uplink, _pf_vf),
    'ice': Naming(_uplink, _pf_vf),
    'bnxt': Naming(_uplink, _pf_vf),
    'nfp': Naming(_uplink, _pf_vf),
    # a port split in lanes: net/devlink/port.c, 'p%us%u'
    'nfp-split': Naming(_split_uplink, _pf_vf),
    # mlx5 before devlink ports, from Linux 5.1: en_rep.c, 'pf%dvf%d'
    'mlx5-5.1': Naming(_uplink, _pf_vf, legacy=False),
    'vf@pf': Naming(_uplink, _vf_at_pf, legacy=False),
    # mlx5 up to Linux 5.0: en_rep.c printed vport - 1
    'number': Naming(None, _number, legacy=False),
}


# Drivers that have the PCI function in the names of representors, and the
# port in the uplink's: bnxt_vf_rep_get_phys_port_name. Their switch id is
# that of one slot (bnxt_pcie_dsn_get).
BY_FUNCTION = ('bnxt_en',)


def function(address: str) -> int:
    return int(address[-1])


def external_vf(controller: int, port: int, vf: int) -> str:
    """The representor of a VF of the host that a DPU sits in."""
    return f'c{controller}pf{port}vf{vf}'


def external_pf(controller: int, port: int) -> str:
    return f'c{controller}pf{port}'


def subfunction(port: int, number: int) -> str:
    return f'pf{port}sf{number}'
