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

"""What the commands ask of Placement's API."""

from nova_sriov_ext.placement import allocations

# Consumer generations: a write fails if somebody else wrote meanwhile.
VERSION = '1.28'


class PlacementError(Exception):
    """Placement cannot be asked, or refuses."""


class Api:
    """:param client: nova.scheduler.client.report.SchedulerReportClient"""

    def __init__(self, client):
        self._client = client

    def get(self, url):
        """:returns: what the JSON of the answer says
        :raises PlacementError: with Placement's own words
        """
        return self.check(self._client.get(url, version=VERSION), url).json()

    def put(self, url, payload):
        """:returns: requests.Response"""
        return self._client.put(url, payload, version=VERSION)

    def delete(self, url):
        """:returns: requests.Response"""
        return self._client.delete(url, version=VERSION)

    def providers(self, hosts=()):
        """Find the providers that compute hosts are.

        :param hosts: names of hypervisors; empty for all
        :returns: list of (name, uuid), by name
        :raises PlacementError: also for a host that is not known
        """
        urls = [f'/resource_providers?name={host}' for host in hosts] or [
            '/resource_providers']
        found = {p['name']: p['uuid'] for url in urls
                 for p in self.get(url)['resource_providers']
                 if not p['parent_provider_uuid']}
        unknown = sorted(set(hosts) - set(found))
        if unknown:
            raise PlacementError(
                f'Placement knows no host {", ".join(unknown)}. Give names '
                'as "openstack hypervisor list" shows them.')
        return sorted(found.items())

    def inventories(self, provider):
        """:returns: dict, resource class of VFs → inventory"""
        return allocations.vfs_only(self.get(
            f'/resource_providers/{provider}/inventories')['inventories'])

    def usages(self, provider):
        """:returns: dict, resource class → amount"""
        return self.get(f'/resource_providers/{provider}/usages')['usages']

    @staticmethod
    def check(response, what):
        """:returns: response
        :raises PlacementError: unless it tells of success
        """
        if response:
            return response
        raise PlacementError(f'{what}: {problem(response)}')


def problem(response):
    """:returns: str, what Placement says is wrong"""
    try:
        return ' '.join(response.json()['errors'][0]['detail'].split())
    except (LookupError, TypeError, ValueError):
        return f'HTTP {response.status_code}'
