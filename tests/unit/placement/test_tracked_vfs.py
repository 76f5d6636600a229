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

"""What the PCI tracker says of VFs, in Placement's terms."""

from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.placement import names
from nova_sriov_ext.placement import tracked_vfs
from tests.unit.placement.host import SPEC
from tests.unit.placement.host import tracker


@pytest.mark.parametrize('status, total, blocked, held', [
    ('available', 1, 0, {}),
    ('claimed', 1, 0, {uuids.server: 1}),
    ('allocated', 1, 0, {uuids.server: 1}),
    # A server is getting, or has, the PF.
    ('unclaimable', 1, 1, {}),
    ('unavailable', 1, 1, {})])
def test_each_status(status, total, blocked, held):
    server = uuids.server if held else None
    found, = tracked_vfs.by_class(tracker((status, server))).values()
    assert (found.total, found.blocked, found.held) == (total, blocked, held)


@pytest.mark.parametrize('status', ['removed', 'deleted'])
def test_what_is_gone(status):
    assert not tracked_vfs.by_class(tracker((status, None)))


def test_they_are_summed_up():
    one, two = uuids.one, uuids.two
    found = tracked_vfs.by_class(tracker(
        ('available', None), ('allocated', one), ('claimed', one),
        ('allocated', two), ('unavailable', None), ('unclaimable', None)))
    assert found == {names.vf_class('physnet2'): tracked_vfs.Vfs(
        total=6, blocked=2, held={one: 2, two: 1})}


@pytest.mark.parametrize('physnet, spec', [
    ('other', SPEC.replace('physnet2', 'other')),
    (None, SPEC.replace('"physnet2"', 'null'))])
def test_they_are_of_the_physnet_in_device_spec(physnet, spec):
    assert set(tracked_vfs.by_class(tracker(('available', None),
                                            spec=spec))) == {
        names.vf_class(physnet)}


@pytest.mark.parametrize('change', [
    # A PF, and what device_spec has no more while a server has it.
    {'dev_type': 'type-PF'}, {'product_id': '1017'},
    # For PCI aliases.
    {'spec': SPEC.replace('physical_network', 'trusted')}])
def test_what_is_no_vf_for_ports(change):
    assert tracked_vfs.by_class(tracker(('allocated', uuids.server),
                                        **change)) == {}


def test_a_vdpa_device_is_one():
    assert tracked_vfs.by_class(tracker(('available', None), dev_type='vdpa'))
