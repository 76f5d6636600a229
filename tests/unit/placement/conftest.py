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

"""The services that the tests of VFs in Placement share."""

import pytest

from tests.unit.placement import host as hosts
from tests.unit.placement import services


@pytest.fixture
def traffic():
    return services.Traffic()


@pytest.fixture
def client(conf, traffic):
    """:returns: Nova's client of a Placement that is empty"""
    conf.config(host='host')
    with services.placement(traffic) as found:
        yield found


@pytest.fixture
def host(conf, client, traffic):
    """:returns: a host.Host with VFs in Placement, none yet"""
    conf.config(claim_in_placement=True, group='sriov')
    with services.cell(traffic):
        yield hosts.Host(client)
