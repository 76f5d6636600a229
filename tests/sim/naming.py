"""How drivers name the ports of an eswitch in phys_port_name."""

import collections.abc
import dataclasses


@dataclasses.dataclass(frozen=True)
class Naming:
    """One driver's habit.

    :param uplink: names the uplink of a card's port; None: no name
    :param vf: names the representor of a VF
    :param uplink_in_legacy: the PF has its name in legacy mode as well
    """

    uplink: collections.abc.Callable | None
    vf: collections.abc.Callable
    uplink_in_legacy: bool = False


def _uplink(port):
    return f'p{port}'


def _split_uplink(port):
    return f'p{port}s0'


def _pf_vf(port, vf):
    return f'pf{port}vf{vf}'


def _vf_at_pf(port, vf):
    return f'vf{vf}@pf{port}'


def _number(port, vf):
    return str(vf)


# devlink names them all since net/devlink/port.c has
# __devlink_port_phys_port_name_get; the last two came before that.
NAMINGS = {
    # mlx5 has a devlink port for the PF in both modes
    # (mlx5/core/en/devlink.c, mlx5e_devlink_port_register): this is the
    # `np0` in enp3s0f0np0.
    'mlx5': Naming(_uplink, _pf_vf, uplink_in_legacy=True),
    'ice': Naming(_uplink, _pf_vf),
    'bnxt': Naming(_uplink, _pf_vf),
    'nfp': Naming(_uplink, _pf_vf, uplink_in_legacy=True),
    # a port split in lanes: net/devlink/port.c, 'p%us%u'
    'nfp-split': Naming(_split_uplink, _pf_vf, uplink_in_legacy=True),
    'vf@pf': Naming(_uplink, _vf_at_pf),
    # mlx5 up to Linux 5.0: en_rep.c printed vport - 1
    'number': Naming(None, _number),
}


def external_vf(controller, port, vf):
    """The representor of a VF of the host that a DPU sits in."""
    return f'c{controller}pf{port}vf{vf}'


def external_pf(controller, port):
    return f'c{controller}pf{port}'


def subfunction(port, number):
    return f'pf{port}sf{number}'
