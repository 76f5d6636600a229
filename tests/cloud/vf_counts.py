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

"""How many VFs Nova and Placement should say that the hosts have."""

import collections

from tests.cloud import hosts


def totals():
    """{(host, physnet, mode): VFs}"""
    found = collections.Counter()
    for host in hosts.HOSTS:
        for pf in host.pfs:
            physnet = host.physnets[pf.address] or 'null'
            found[host.name, physnet, pf.mode] += pf.vfs
    return found


def of(used):
    """What `capacity list` and `placement show` say.

    :param used: {(host, physnet, mode): VFs}, without those that are all free
    :returns: {(host, physnet, mode): (total, used, free)}, and
        {(host, resource class): (total, used)}: Placement counts a physnet's
        VFs, of whatever card, and those of ports that require a mode. Here all
        do: plain ports require legacy (``plain_port_mode``). All are text.
    """
    nova, there, taken = {}, collections.Counter(), collections.Counter()
    for key, total in totals().items():
        count = used.get(key, 0)
        nova[key] = (str(total), str(count), str(total - count))
        for name in _classes(*key):
            there[name] += total
            taken[name] += count
    return nova, {name: (str(total), str(taken[name]))
                  for name, total in there.items()}


def _classes(host, physnet, mode):
    # nova_sriov_ext/placement/names.py
    network = '_TUNNELLED' if physnet == 'null' else physnet.upper()
    for name in ('VF', f'MODE_{mode.upper()}'):
        yield host, f'CUSTOM_SRIOV_{name}_{network}'
