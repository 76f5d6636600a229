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

"""The table of test_filter.py."""

import collections
import re

_HEAD = (f'{"µs per host":38}{"stock":>8}{"ours":>8}{"bare":>8}'
         f'{"stock/ours":>13}{"ours/bare":>11}')
_POLICIES_HEAD = (f'{"µs per host, hosts are new":66}{"stock":>8}{"ours":>8}'
                  f'{"stock/ours":>13}')


def lines(benchmarks):
    """:param benchmarks: list of pytest_benchmark.fixture results
    :returns: list of str, empty when the filters were not measured
    """
    plain = [_row(group, **of) for group, of in sorted(
        _measured(benchmarks, 'filter: ').items(),
        key=lambda item: _numbers(item[0])) if len(of) == 3]
    # As they ran: by number of hosts, case, number of PFs.
    policies = [_policy(group, **of) for group, of in _measured(
        benchmarks, 'policy: ').items() if len(of) == 2]
    return [*(plain and [_HEAD, *plain]),
            *(policies and [_POLICIES_HEAD, *policies])]


def _measured(benchmarks, prefix):
    """:returns: dict group → test → µs for a host"""
    found = collections.defaultdict(dict)
    for one in benchmarks:
        if (one.group or '').startswith(prefix) and one.stats.rounds:
            found[one.group.removeprefix(prefix)][
                one.name.partition('[')[0]] = (
                    one.stats.min / one.extra_info['hosts'] * 1e6)
    return found


def _numbers(group):
    return [int(number) for number in re.findall('[0-9]+', group)]


def _row(group, test_stock, test_ours, test_bare_loop):
    return (f'{group:38}{test_stock:8.1f}{test_ours:8.2f}'
            f'{test_bare_loop:8.2f}{test_stock / test_ours:13.1f}'
            f'{test_ours / test_bare_loop:11.2f}')


def _policy(group, test_policy_stock, test_policy_ours):
    return (f'{group:66}{test_policy_stock:8.1f}{test_policy_ours:8.2f}'
            f'{test_policy_stock / test_policy_ours:13.1f}')
