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

"""What Nova's own claim fails at, side by side with ours."""

from nova import exception
import pytest

from tests.unit.claim import trackers
from tests.unit.claim.trackers import OURS
from tests.unit.claim.trackers import STOCK
from tests.unit.claim.trackers import cells
from tests.unit.claim.trackers import claim
from tests.unit.claim.trackers import pf
from tests.unit.claim.trackers import pools
from tests.unit.claim.trackers import port
from tests.unit.claim.trackers import vfs

A, B = '0000:03:00.0', '0000:04:00.0'


def test_plain_port_before_a_trusted_one(host):
    """Nova gives the only trusted VF to the plain port."""
    compute = host(vfs(A, 1, trusted='true'), vfs(B, 1, trusted='false'))
    requests = port('plain'), port('trusted', trusted='true')
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(compute.tracker(STOCK), *requests)
    assert claim(compute.tracker(STOCK), *requests[::-1])
    assert claim(compute.tracker(OURS), *requests) == [
        '0000:04:01.0', '0000:03:01.0']


def test_a_vf_and_a_pf(host):
    """Nova takes the VF from the card whose PF is asked next."""
    compute = host(vfs(A, 1), vfs(B, 1), pf(A))
    requests = port('vf'), port('pf', dev_type='type-PF')
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(compute.tracker(STOCK), *requests)
    assert claim(compute.tracker(OURS), *requests) == ['0000:04:01.0', A]


def test_a_failed_claim_loses_no_devices(host):
    """Nova's test passes; its claim takes the VF, and with it the PF, fails,
    and puts back the VF alone. No update brings back the PF."""
    compute = host(vfs(A, 2), pf(A))
    requests = [port('vf'), port('pf', dev_type='type-PF')]
    left = {}
    for kind in (STOCK, OURS):
        tracker = compute.tracker(kind)
        before = pools(tracker)
        passed = trackers.passes(tracker, *requests)
        with pytest.raises(exception.PciDeviceRequestFailed):
            claim(tracker, *requests)
        compute.update(tracker)
        left[kind] = passed, len(before) - len(pools(tracker))
        assert all(map(trackers.is_free, tracker.pci_devs))
    assert left == {STOCK: (True, 1), OURS: (False, 0)}


@pytest.mark.parametrize('kind', [STOCK, OURS])
def test_what_nova_forbids_stays_forbidden(host, kind):
    """Unasked PFs, other NUMA nodes, other physnets."""
    tracker = host(pf(A, numa_node=1), vfs(A, 1, numa_node=1)).tracker(kind)
    for requests, numa in (
            ((port('a'), port('b')), None),
            ((port('a', physical_network='physnet9'),), None),
            ((port('a'),), cells(0))):
        with pytest.raises(exception.PciDeviceRequestFailed):
            claim(tracker, *requests, numa=numa)
    assert claim(tracker, port('a'), numa=cells(1)) == ['0000:03:01.0']
