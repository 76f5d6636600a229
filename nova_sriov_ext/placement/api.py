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

"""What the commands use of Placement's API."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from typing import Any

import requests

from nova_sriov_ext.placement import allocations

# A command imports this before Nova has chosen its threads.
if TYPE_CHECKING:
    from nova.scheduler.client import report

    from nova_sriov_ext.placement import inventory

# Consumer generations: a write fails if somebody else wrote meanwhile.
VERSION = '1.28'


class PlacementError(Exception):
    """Placement cannot be reached, or refuses."""


class Api:
    """Placement's API, in the version that this project uses."""

    def __init__(self, client: report.SchedulerReportClient) -> None:
        self._client = client

    def get(self, url: str, version: str = VERSION) -> Any:
        """:returns: what the JSON of the answer says
        :raises PlacementError: with Placement's own words
        """
        return self.check(self.answer(url, version), url).json()

    def answer(self, url: str, version: str = VERSION) -> requests.Response:
        """Whatever Placement answers to a GET; see check."""
        found: requests.Response = self._client.get(url, version=version)
        return found

    def put(self, url: str, payload: object) -> requests.Response:
        """Whatever Placement answers; see check."""
        answer: requests.Response = self._client.put(
            url, payload, version=VERSION)
        return answer

    def delete(self, url: str) -> requests.Response:
        """Whatever Placement answers; see check."""
        answer: requests.Response = self._client.delete(url, version=VERSION)
        return answer

    def providers(self, hosts: Collection[str] = ()) -> list[tuple[str, str]]:
        """Find the providers that compute hosts are.

        :param hosts: names of hypervisors; empty for all
        :returns: names and uuids, by name
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
                f'Placement does not know host {", ".join(unknown)}. Give '
                'names as "openstack hypervisor list" shows them.')
        return sorted(found.items())

    def inventories(self, provider: str) -> dict[str, inventory.Inventory]:
        """By resource class, those of VFs only."""
        return allocations.vfs_only(self.get(
            f'/resource_providers/{provider}/inventories')['inventories'])

    def usages(self, provider: str) -> allocations.Resources:
        found: allocations.Resources = self.get(
            f'/resource_providers/{provider}/usages')['usages']
        return found

    @staticmethod
    def check(response: requests.Response, what: str) -> requests.Response:
        """:returns: response
        :raises PlacementError: unless it reports success
        """
        if response:
            return response
        raise PlacementError(f'{what}: {problem(response)}')


def problem(response: requests.Response) -> str:
    """What Placement says is wrong."""
    try:
        return ' '.join(response.json()['errors'][0]['detail'].split())
    except (LookupError, TypeError, ValueError):
        return f'HTTP {response.status_code}'
