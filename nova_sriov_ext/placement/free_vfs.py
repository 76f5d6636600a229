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

"""VFs that Placement would allocate, host by host."""

from nova_sriov_ext.placement.api import Api

# The first that knows limit; later ones return all other classes as well.
_VERSION = '1.16'

_NO_SUCH_CLASS = 400


def by_host(api: Api, vf_class: str,
            limit: int | None = None) -> dict[str, int]:
    """How many VFs of a class are free.

    :param limit: of how many hosts; None for all
    :returns: uuid of a host's provider → VFs; no host without any
    :raises PlacementError: Placement refuses
    :raises keystoneauth1.exceptions.ClientException: it cannot be reached
    """
    url = f'/allocation_candidates?resources={vf_class}:1'
    answer = api.answer(url + (f'&limit={limit}' if limit else ''), _VERSION)
    if answer.status_code == _NO_SUCH_CLASS:
        # No host has ever published it.
        return {}
    summaries = api.check(answer, url).json()['provider_summaries']
    amounts = {uuid: summary['resources'][vf_class]
               for uuid, summary in summaries.items()}
    return {uuid: amount['capacity'] - amount['used']
            for uuid, amount in amounts.items()}
