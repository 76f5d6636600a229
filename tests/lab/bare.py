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

"""The least that anyone can do to have a port: one OVSDB transaction.

RFC 7047 by hand, with no copy of the database: what os-vif plugins are
measured by.
"""

from tests.lab import jsonrpc

_DATABASE = 'Open_vSwitch'
_BRIDGE = 'br-int'


class Bare:
    """A connection to ovsdb-server that sees nothing but cur_cfg.

    :param connection: 'unix:/path'
    :param at_each: function that is called for each transaction
    """

    def __init__(self, connection, at_each):
        self._at_each = at_each
        self._connection = jsonrpc.Connection(connection)
        self._configured = 0
        self._port = None
        self._note({'cfg': self._request('monitor', _DATABASE, None, {
            'Open_vSwitch': {'columns': ['cur_cfg']}})})

    def plug(self, device, external_ids):
        interface = {'name': device, 'external_ids': _map(external_ids)}
        answers = self._transact(
            {'op': 'insert', 'table': 'Interface', 'row': interface,
             'uuid-name': 'interface'},
            {'op': 'insert', 'table': 'Port', 'uuid-name': 'port',
             'row': {'name': device, 'interfaces': _named('interface')}},
            _bridge('insert', _named('port')))
        self._port = answers[1]['uuid']

    def unplug(self):
        self._transact(_bridge('delete', self._port))

    def _transact(self, *operations):
        """Change the database, and wait for ovs-vswitchd."""
        self._at_each()
        answers = self._request(
            'transact', _DATABASE, *operations,
            {'op': 'mutate', 'table': 'Open_vSwitch', 'where': [],
             'mutations': [['next_cfg', '+=', 1]]},
            {'op': 'select', 'table': 'Open_vSwitch', 'where': [],
             'columns': ['next_cfg']})
        wanted = answers[-1]['rows'][0]['next_cfg']
        while self._configured < wanted:
            self._note(self._connection.receive())
        return answers

    def _request(self, method, *params):
        self._connection.send({'method': method, 'params': params, 'id': 0})
        while (message := self._connection.receive()).get('id') != 0:
            self._note(message)
        assert message['error'] is None, message
        return message['result']

    def _note(self, message):
        """What ovsdb-server says unasked."""
        if message.get('method') == 'echo':
            self._connection.send({'id': message['id'], 'error': None,
                        'result': message['params']})
            return
        update = message.get('cfg') or message['params'][1]
        for row in update['Open_vSwitch'].values():
            self._configured = row['new']['cur_cfg']


def _bridge(mutator, port):
    return {'op': 'mutate', 'table': 'Bridge',
            'where': [['name', '==', _BRIDGE]],
            'mutations': [['ports', mutator, port]]}


def _named(name):
    return ['named-uuid', name]


def _map(pairs):
    return ['map', list(pairs.items())]
