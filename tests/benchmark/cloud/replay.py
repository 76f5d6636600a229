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

"""One trace through one scheduler: a column of the table."""

from tests.benchmark.cloud import hosts
from tests.benchmark.cloud import scheduler
from tests.benchmark.cloud import trace

# Name → arguments of scheduler.Scheduler.
COLUMNS = {
    'stock': {'ours': False},
    'ours': {'ours': True},
    'ours, query_placement': {'ours': True, 'query_placement': True},
}


def column(name, number, with_vfs, requests, seed, progress):
    """:param name: of COLUMNS
    :param number: of hosts
    :param with_vfs: how many of them have VFs
    :param requests: how many
    :param progress: function (number of the request)
    :returns: result.Result
    """
    found = scheduler.Scheduler(
        hosts.mix(number, with_vfs, seed), **COLUMNS[name])
    found.setUp()
    try:
        return found.replay(
            trace.requests(requests, seed, found.neutron), seed, progress)
    finally:
        found.doCleanups()
