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

"""What the demo expects of Nova and Placement, against their own names."""

from nova_sriov_ext.placement import names
from tests.cloud import hosts
from tests.cloud import vf_counts


def test_placement_has_the_classes_of_every_physnet():
    _, placement = vf_counts.of({})
    assert set(placement) == {
        (host.name, name) for host in hosts.HOSTS for pf in host.pfs
        for physnet in [host.physnets[pf.address]]
        for name in (names.vf_class(physnet),
                     names.mode_class(pf.mode, physnet))}


def test_what_is_used_counts_for_both_classes():
    key = 'compute1', 'physnet2', 'legacy'
    nova, placement = vf_counts.of({key: 3})
    assert nova[key] == ('4', '3', '1')
    assert placement['compute1', names.vf_class('physnet2')] == ('8', '3')
    assert placement['compute1', names.mode_class('legacy', 'physnet2')] == (
        '4', '3')
    assert placement['compute1', names.mode_class(
        'switchdev', 'physnet2')] == ('4', '0')
