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

"""``ovsdb_connection``: one remote or several, separated by commas.

Several are the members of a cluster (ovsdb(7), clustered service model): each
of them may be its leader, who alone is written to.
"""

from os_vif_vflag.ovs import ovs_errors

SSL = 'ssl:'
_METHODS = ('tcp:', SSL, 'unix:')


def split(connection: str) -> tuple[str, ...]:
    """Split it as ``ovs-vsctl --db`` does.

    :returns: remotes in a form that python-ovs takes
    :raises ovs_errors.OvsdbRemoteInvalid: names the member that is not one
    """
    members: list[str] = []
    for part in connection.split(','):
        # A comma in the name of a file (ovs/db/idl.py, _parse_remotes).
        if members and part and ':' not in part:
            members[-1] += f',{part}'
        else:
            members.append(part.strip())
    for member in members:
        if not member.startswith(_METHODS):
            raise ovs_errors.OvsdbRemoteInvalid(
                remote=member, connection=connection)
    return tuple(members)
