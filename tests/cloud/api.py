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

"""A few requests to the APIs, only to see whether services are up.

The demo itself speaks through the `openstack` client; this is for reading
once a second without 3 s of CPU for each question.
"""

import json
import urllib.error
import urllib.request

from tests.cloud import config

TIMEOUT = 10


def answers(url):
    """Whether something at url answers as a service that works."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            return response.status < 500
    except urllib.error.HTTPError as error:
        # 300 is the list of versions; 401 comes from a live service.
        return error.code < 500
    except OSError:
        return False


class Api:
    """The services as the admin sees them."""

    def __init__(self):
        self._token = None

    def compute_services(self):
        """{(binary, host)} of Nova's services that are up."""
        found = self._get('compute', '/os-services')['services']
        return {(s['binary'], s['host']) for s in found
                if s['state'] == 'up'}

    def network_agents(self):
        """{(binary, host)} of Neutron's agents that are alive."""
        found = self._get('network', '/v2.0/agents')['agents']
        return {(a['binary'], a['host']) for a in found if a['alive']}

    def hypervisors(self):
        """Names of the compute nodes that the scheduler may choose."""
        found = self._get('compute', '/os-hypervisors')['hypervisors']
        return {h['hypervisor_hostname'] for h in found
                if h['state'] == 'up'}

    def _get(self, service, path):
        self._token = self._token or self._login()
        request = urllib.request.Request(
            config.endpoint(service) + path,
            headers={'X-Auth-Token': self._token})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return json.load(response)

    def _login(self):
        domain = {'name': 'Default'}
        body = {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': {
                'name': 'admin', 'password': config.PASSWORD,
                'domain': domain}}},
            'scope': {'project': {'name': 'admin', 'domain': domain}}}}
        request = urllib.request.Request(
            f'{config.KEYSTONE}/auth/tokens', json.dumps(body).encode(),
            {'Content-Type': 'application/json'})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return response.headers['X-Subject-Token']


def quietly(question, *args):
    """The answer, or None while the service does not answer."""
    try:
        return question(*args)
    except (OSError, ValueError, KeyError):
        return None
