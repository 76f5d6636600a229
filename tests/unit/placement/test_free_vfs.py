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

"""What Placement says of VFs that are free."""

import json

import pytest
import requests

from nova_sriov_ext.placement import api
from nova_sriov_ext.placement import free_vfs


class Client:
    """:ivar urls: list of what was read"""

    def __init__(self, status, body):
        self.answer = requests.Response()
        self.answer.status_code = status
        self.answer._content = json.dumps(body).encode()
        self.urls = []

    def get(self, url, version):
        assert version == '1.16'
        self.urls.append(url)
        return self.answer


ERROR = {'errors': [{'detail': 'The server is busy.'}]}


def test_by_host():
    client = Client(200, {'provider_summaries': {
        'one': {'resources': {'C': {'capacity': 4, 'used': 1}}},
        'two': {'resources': {'C': {'capacity': 2, 'used': 0}}}}})
    assert free_vfs.by_host(api.Api(client), 'C') == {'one': 3, 'two': 2}
    free_vfs.by_host(api.Api(client), 'C', 5)
    assert client.urls == ['/allocation_candidates?resources=C:1',
                           '/allocation_candidates?resources=C:1&limit=5']


def test_a_class_that_no_host_has_published():
    assert free_vfs.by_host(api.Api(Client(400, ERROR)), 'C') == {}


def test_a_placement_that_refuses():
    with pytest.raises(api.PlacementError, match='The server is busy'):
        free_vfs.by_host(api.Api(Client(500, ERROR)), 'C')
