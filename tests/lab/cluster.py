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

"""A clustered database: several ovsdb-servers that elect a leader (raft).

    with Cluster(netns='sim') as cluster:
        cluster.kill(cluster.leader())
"""

import time

from tests.lab import ovs

# Of three, two elect a leader.
MEMBERS = ('ovsdb-server-1', 'ovsdb-server-2', 'ovsdb-server-3')


class Cluster(ovs.Ovs):
    """An Open vSwitch whose database is on three servers."""

    @property
    def connection(self):
        return ','.join(self.remote(member) for member in MEMBERS)

    def remote(self, member):
        """:returns: str, where a member listens"""
        return f'unix:{self.folder}/{member}.sock'

    def leader(self):
        """:returns: the member that leads, waited for"""
        deadline = time.monotonic() + ovs.TIMEOUT
        while time.monotonic() < deadline:
            for member in MEMBERS:
                if 'Role: leader' in self._status(member):
                    return member
            time.sleep(0.1)
        raise RuntimeError('no leader was elected')

    def _status(self, member):
        try:
            return self._appctl(member, 'cluster/status', 'Open_vSwitch')
        except RuntimeError as e:     # it hangs or has gone
            return str(e)

    def _create(self):
        first, *others = MEMBERS
        self._run('ovsdb-tool', 'create-cluster', self._file(first),
                  self._schema, self._address(first))
        for other in others:
            self._run('ovsdb-tool', 'join-cluster', self._file(other),
                      'Open_vSwitch', self._address(other),
                      self._address(first))
        for member in MEMBERS:
            self.start(member)

    def _arguments(self, daemon):
        if daemon in MEMBERS:
            return [ovs.SERVER, self._file(daemon),
                    f'--remote=p{self.remote(daemon)}', *ovs.TLS]
        return super()._arguments(daemon)

    def _file(self, member):
        return self.folder / f'{member}.db'

    def _address(self, member):
        return f'unix:{self.folder}/{member}.raft'
