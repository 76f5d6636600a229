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

"""Wants that prefer some of their pools, and never fail for it."""

import dataclasses

from nova_sriov_ext.fit import assignment


def assign(pools, wants, *args):
    """As :func:`assignment.assign`; one want after the other takes only what
    it prefers, where that leaves an assignment for all.

    :param wants: list of assignment.Want
    :returns: as assignment.assign
    """
    taken = assignment.assign(pools, wants, *args)
    if taken is None:
        return None
    wants = list(wants)
    for number, want in enumerate(wants):
        if want.preferred and want.preferred != want.pools:
            narrowed = list(wants)
            narrowed[number] = dataclasses.replace(want, pools=want.preferred)
            found = assignment.assign(pools, narrowed, *args)
            if found is not None:
                wants, taken = narrowed, found
    return taken
