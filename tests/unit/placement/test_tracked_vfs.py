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
from nova_sriov_ext.report import document
from tests.unit.placement.host import SPEC
from tests.unit.placement.host import tracker

PF = '0000:03:00.0'
SWITCHDEV = names.mode_class('switchdev', 'physnet2')


def by_class(found, mode='unknown', physnet='physnet2', pf=PF):
    """:param mode: that is reported of the PF's VFs"""
    return tracked_vfs.by_class(found, [document.Row(pf, physnet, 1, mode)])


@pytest.mark.parametrize('status, total, blocked, held', [
    ('available', 1, 0, {}),
    ('claimed', 1, 0, {uuids.server: 1}),
    ('allocated', 1, 0, {uuids.server: 1}),
    # A server is getting, or has, the PF.
    ('unclaimable', 1, 1, {}),
    ('unavailable', 1, 1, {})])
def test_each_status(status, total, blocked, held):
    server = uuids.server if held else None
    found, = by_class(tracker((status, server))).values()
    assert (found.total, found.blocked, found.held) == (total, blocked, held)


@pytest.mark.parametrize('status', ['removed', 'deleted'])
def test_what_is_gone(status):
    assert not by_class(tracker((status, None)))


def test_they_are_summed_up():
    one, two = uuids.one, uuids.two
    found = by_class(tracker(
        ('available', None), ('allocated', one), ('claimed', one),
        ('allocated', two), ('unavailable', None), ('unclaimable', None)))
    assert found == {names.vf_class('physnet2'): tracked_vfs.Vfs(
        total=6, blocked=2, held={one: 2, two: 1})}


@pytest.mark.parametrize('physnet, spec', [
    ('other', SPEC.replace('physnet2', 'other')),
    (None, SPEC.replace('"physnet2"', 'null'))])
def test_they_are_of_the_physnet_in_device_spec(physnet, spec):
    assert set(by_class(tracker(('available', None), spec=spec))) == {
        names.vf_class(physnet)}
    assert set(by_class(tracker(('available', None), spec=spec),
                        'legacy', physnet)) == {
        names.vf_class(physnet), names.mode_class('legacy', physnet)}


@pytest.mark.parametrize('change', [
    # A PF, and what device_spec has no more while a server has it.
    {'dev_type': 'type-PF'}, {'product_id': '1017'},
    # For PCI aliases.
    {'spec': SPEC.replace('physical_network', 'trusted')}])
def test_what_is_no_vf_for_ports(change):
    assert by_class(tracker(('allocated', uuids.server), **change),
                    'switchdev') == {}


def test_a_vdpa_device_is_one():
    assert by_class(tracker(('available', None), dev_type='vdpa'))


def test_they_are_summed_up_by_mode_as_well():
    found = by_class(tracker(
        ('available', None), ('allocated', uuids.one),
        ('unavailable', None)), 'switchdev')
    expected = tracked_vfs.Vfs(total=3, blocked=1, held={uuids.one: 1})
    assert found == {names.vf_class('physnet2'): expected,
                     SWITCHDEV: expected}


def test_each_is_of_the_mode_of_its_pf():
    both = tracker(('allocated', uuids.one), ('allocated', uuids.two))
    both.pci_devs[1].parent_addr = '0000:04:00.0'
    found = tracked_vfs.by_class(both, [
        document.Row(PF, 'physnet2', 1, 'legacy'),
        document.Row('0000:04:00.0', 'physnet2', 1, 'switchdev'),
        # Another of its physnets.
        document.Row('0000:04:00.0', 'other', 1, 'legacy')])
    held = {name: dict(vfs.held) for name, vfs in found.items()}
    assert held == {
        names.vf_class('physnet2'): {uuids.one: 1, uuids.two: 1},
        names.mode_class('legacy', 'physnet2'): {uuids.one: 1},
        SWITCHDEV: {uuids.two: 1}}


def test_a_device_without_a_pf_is_reported_under_its_own_address():
    found = by_class(tracker(('available', None), parent_addr=None),
                     'switchdev', pf='0000:03:00.2')
    assert SWITCHDEV in found


@pytest.mark.parametrize('report', [
    {'mode': 'unknown'}, {'mode': 'switchdev_inactive'},
    {'mode': 'legacy', 'pf': '0000:04:00.0'},
    {'mode': 'legacy', 'physnet': 'other'}])
def test_a_mode_that_is_not_known(report):
    assert set(by_class(tracker(('available', None)), **report)) == {
        names.vf_class('physnet2')}


@pytest.mark.parametrize('change', [
    {'dev_type': 'vdpa'},
    # Nova takes only those with a serial number.
    {'spec': SPEC.replace('}', ', "remote_managed": "true"}'),
     'extra_info': {'capabilities':
                    '{"vpd": {"card_serial_number": "MT1"}}'}}])
def test_what_ports_that_require_a_mode_never_get(change):
    assert set(by_class(tracker(('available', None), **change),
                        'switchdev')) == {names.vf_class('physnet2')}
