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

import collections

import hypothesis
from hypothesis import strategies as st

from nova_sriov_ext.placement import inventory
from nova_sriov_ext.placement import tracked_vfs

COUNTS = st.dictionaries(st.sampled_from('abcd'), st.integers(0, 5))


@hypothesis.given(COUNTS, COUNTS, st.integers(0, 4), st.integers(0, 4))
def test_what_is_left_is_what_is_free(held, surplus, blocked, free):
    """Where every allocation is of who has the VFs or of a claim on its way,
    total - reserved - used is what is free less those claims."""
    held = collections.Counter(held)
    allocated = {server: count // 2 for server, count in held.items()}
    on_its_way = {f'new {server}': n for server, n in surplus.items()}
    mine = tracked_vfs.Vfs(held.total() + blocked + free, blocked, held)
    record = inventory.record(mine.total, inventory.unallocated(
        mine, {**allocated, **on_its_way}))
    used = sum(allocated.values()) + sum(on_its_way.values())
    left = record['total'] - record['reserved'] - used
    assert left == free - sum(on_its_way.values())


def test_differences_do_not_make_up_for_each_other():
    mine = tracked_vfs.Vfs(4, 0, collections.Counter(attached=1))
    assert inventory.unallocated(mine, {'on its way': 1}) == 1
