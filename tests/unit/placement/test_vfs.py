"""What the PCI tracker says of VFs, in Placement's terms."""

import types

from nova import objects
from nova.pci import whitelist
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.placement import vfs

SPEC = ('{"vendor_id": "15b3", "product_id": "101e",'
        ' "physical_network": "physnet2"}')


def tracker(*states):
    """:param states: (status, uuid of the server) of each VF of a PF"""
    return types.SimpleNamespace(
        dev_filter=whitelist.Whitelist([SPEC]),
        pci_devs=[objects.PciDevice(
            address=f'0000:03:00.{number}', parent_addr='0000:03:00.0',
            vendor_id='15b3', product_id='101e', dev_type='type-VF',
            status=status, instance_uuid=server)
            for number, (status, server) in enumerate(states, 2)])


@pytest.mark.parametrize('status, total, blocked, held', [
    ('available', 1, 0, {}),
    ('claimed', 1, 0, {uuids.server: 1}),
    ('allocated', 1, 0, {uuids.server: 1}),
    # A server is getting, or has, the PF.
    ('unclaimable', 1, 1, {}),
    ('unavailable', 1, 1, {})])
def test_each_status(status, total, blocked, held):
    server = uuids.server if held else None
    found, = vfs.by_class(tracker((status, server))).values()
    assert (found.total, found.blocked, found.held) == (total, blocked, held)


@pytest.mark.parametrize('status', ['removed', 'deleted'])
def test_what_is_gone(status):
    assert not vfs.by_class(tracker((status, None)))
