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

"""Traits of a host: which are set, and which taken away again."""

import hypothesis
from hypothesis import strategies as st
import pytest

from nova_sriov_ext.placement import names
from nova_sriov_ext.placement import traits
from nova_sriov_ext.report import document

VFS = names.vf_class('physnet2')
PHYSNET = names.physnet_trait(VFS)
OTHER = names.vf_class('other')
FOREIGN = ('CUSTOM_RACK_3', 'HW_CPU_X86_VMX', PHYSNET,
           names.physnet_trait(OTHER))


def row(vfs=4, mode='legacy', lag='none'):
    return document.Row('0000:03:00.0', 'physnet2', vfs, mode, lag=lag)


def after(current, classes, *rows):
    """:returns: set, what a host has then"""
    removed, added = traits.changed(current, classes, rows)
    assert removed <= current
    assert not added & current
    return current - removed | added


def test_a_physnet_comes_and_goes():
    both = after({'CUSTOM_RACK_3'}, [VFS])
    assert both == {'CUSTOM_RACK_3', VFS, PHYSNET}
    assert after(both, [VFS]) == both
    assert after(both, [OTHER]) == {
        'CUSTOM_RACK_3', OTHER, names.physnet_trait(OTHER)}
    assert traits.removable(both) == {VFS, PHYSNET}
    assert after(both, []) == {'CUSTOM_RACK_3'}


@pytest.mark.parametrize('rows, expected', [
    ([], set()),
    ([row()], set()),
    ([row(mode='switchdev')], {names.SWITCHDEV_TRAIT}),
    ([row(), row(mode='switchdev')], {names.SWITCHDEV_TRAIT}),
    ([row(lag='active')], {names.LAG_TRAIT}),
    ([row(lag='degraded'), row(lag='inactive')], set()),
    ([row(mode='switchdev', lag='active')],
     {names.SWITCHDEV_TRAIT, names.LAG_TRAIT}),
    # No port can have what such a PF has.
    ([row(vfs=0, mode='switchdev', lag='active')], set()),
])
def test_conditions_follow_the_rows(rows, expected):
    current = after(set(), [], *rows)
    assert current == expected
    assert traits.removable(current) == expected
    assert after(current, []) == set()


@hypothesis.given(st.sets(st.sampled_from(FOREIGN)),
                  st.lists(st.tuples(
                      st.sets(st.sampled_from((VFS, OTHER))),
                      st.sampled_from([(), (row(mode='switchdev'),)]))))
def test_what_people_have_set_is_there_in_the_end(foreign, updates):
    """Whatever networks a host has meanwhile."""
    current = foreign
    for classes, rows in updates:
        current = after(current, classes, *rows)
        assert current >= foreign | {names.physnet_trait(c) for c in classes}
    assert after(current, ()) == foreign
    assert current - traits.removable(current) == foreign
