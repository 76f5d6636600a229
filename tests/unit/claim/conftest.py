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

"""Hosts for the claim, and what a server's flavor says."""

from nova import exception
import pytest

from nova_sriov_ext.claim import server
from tests.unit.claim import trackers


@pytest.fixture
def host(conf):
    """A function: devices, rows → trackers.Computes."""
    def build(*devices, rows=()):
        return trackers.Computes(conf, [
            dev for some in devices
            for dev in (some if isinstance(some, list) else [some])], rows)
    return build


@pytest.fixture(autouse=True)
def flavor(monkeypatch):
    """Extra specs of every server's flavor, a dict to fill."""
    extra_specs = {}

    class Flavored:
        new_flavor = None
        flavor = type('Flavor', (), {'extra_specs': extra_specs})

    def stored(context, uuid, expected_attrs):
        if not context.is_admin or uuid is None:
            raise exception.InstanceNotFound(instance_id=uuid)
        return Flavored

    monkeypatch.setattr(server.objects.Instance, 'get_by_uuid', stored)
    return extra_specs
