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

"""Devices of a live migration's check: kept, or given back."""

import types

from nova import context
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.claim import arrivals

CONTEXT = context.get_admin_context()


class Check:
    """What identifies a check: any object of its own."""


class Compute:
    """nova-compute's resource tracker, with devices that are claimed."""

    def __init__(self, **tracker):
        self.pci_tracker = types.SimpleNamespace(**tracker)
        self.claimed = set()
        self.virtapi = types.SimpleNamespace(
            _compute=types.SimpleNamespace(rt=self))

    def free_pci_device_claims_for_instance(self, ctxt, instance):
        assert ctxt is CONTEXT
        self.claimed.discard(instance.uuid)


@pytest.fixture
def compute():
    return Compute(arriving={})


@pytest.fixture
def server():
    return objects.Instance(uuid=uuids.server)


@pytest.mark.parametrize('well', [True, False])
def test_only_a_check_that_fails_gives_back(compute, server, well):
    found, check = arrivals.Arrivals(compute.virtapi), Check()
    found.begin(CONTEXT, server, check)
    assert compute.pci_tracker.arriving == {uuids.server: server}
    compute.claimed.add(uuids.server)
    if well:
        found.claimed(server)
        assert compute.pci_tracker.arriving == {}
    found.end(CONTEXT, check)
    assert compute.claimed == ({uuids.server} if well else set())
    assert compute.pci_tracker.arriving == {}


def test_a_check_begins_with_nothing_of_the_one_before(compute, server):
    compute.claimed.update((uuids.server, uuids.neighbour))
    arrivals.Arrivals(compute.virtapi).begin(CONTEXT, server, Check())
    assert compute.claimed == {uuids.neighbour}


def test_the_end_of_another_check(compute, server):
    found = arrivals.Arrivals(compute.virtapi)
    found.begin(CONTEXT, server, Check())
    compute.claimed.add(uuids.server)
    found.end(CONTEXT, Check())
    assert compute.claimed == {uuids.server}
    assert compute.pci_tracker.arriving == {uuids.server: server}


def test_with_novas_own_tracker_nothing_is_done(server):
    compute, check = Compute(), Check()
    compute.claimed.add(uuids.server)
    found = arrivals.Arrivals(compute.virtapi)
    found.begin(CONTEXT, server, check)
    found.claimed(server)
    found.end(CONTEXT, check)
    assert compute.claimed == {uuids.server}
