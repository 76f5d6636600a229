"""Kernels that tell different things, for tests over all of them."""

import pytest

from os_vif_vflag.host.host import Host
from tests.sim import netlink

# name → arguments of tests.sim.netlink.Netlink; None: sysfs alone
SOURCES = {
    'devlink': {},
    'link dump': {'devlink': False},
    'link dump, before Linux 5.14': {'devlink': False, 'parents': False},
    'devlink without link dump': {'rtnetlink': False},
    'sysfs': None,
}

each_source = pytest.mark.parametrize(
    'source', SOURCES.values(), ids=SOURCES.keys())


def representors(sim):
    """:returns: dict VF address → name of its representor, as the simulation
        has it and not as any kernel tells it"""
    numbers = {(device.parent, device.vf): device.address
               for device in sim.pci_devices() if device.dev_type == 'VF'}
    found = dict.fromkeys(numbers.values())
    for link in sim.links():
        if link.kind == 'representor':
            pf, _, number = link.key
            found[numbers[pf, number]] = link.name
    return found


def host(sim, source):
    """:returns: Host that sees the simulation as that kernel shows it"""
    return Host(str(sim.root), None if source is None
                else netlink.Netlink(sim, **source))
