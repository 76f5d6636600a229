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

"""A real ovsdb-server, and a stand-in for ovs-vswitchd that obeys."""

import threading
import time

from tests.lab import jsonrpc
from tests.lab import ovs

_DATABASE = 'Open_vSwitch'


class Client(jsonrpc.Connection):
    """It keeps no copy of the database."""

    def transact(self, *operations):
        """:returns: list of the results of the operations"""
        self.send({'method': 'transact', 'id': 0,
                   'params': [_DATABASE, *operations]})
        answer = self.receive()
        assert answer['error'] is None, answer
        assert not any('error' in one for one in answer['result']), answer
        return answer['result']

    def rows(self, table, *columns):
        return self.transact({
            'op': 'select', 'table': table, 'where': [],
            'columns': list(columns)})[0]['rows']

    def update(self, table, row, where=()):
        self.transact({'op': 'update', 'table': table, 'where': list(where),
                       'row': row})



class Vswitchd(threading.Thread):
    """Opens each interface and confirms each configuration.

    :ivar errors: dict name of an interface → why it cannot be opened
    :ivar portless: names of interfaces that get no OpenFlow port, silently
    :ivar hangs: whether it does nothing at the moment
    """

    def __init__(self, connection):
        super().__init__(daemon=True)
        self.errors, self.portless, self.hangs = {}, set(), False
        self._client = Client(connection)
        self._ends = False

    def run(self):
        while not self._ends:
            if not self.hangs:
                self._confirm()
            time.sleep(0.002)
        self._client.close()

    def end(self):
        self._ends = True
        self.join()

    def _confirm(self):
        numbers, = self._client.rows('Open_vSwitch', 'next_cfg', 'cur_cfg')
        if numbers['next_cfg'] == numbers['cur_cfg']:
            return
        for row in self._client.rows('Interface', 'name'):
            self._open(row['name'])
        self._client.update('Open_vSwitch', {'cur_cfg': numbers['next_cfg']})

    def _open(self, name):
        error = self.errors.get(name)
        self._client.update('Interface', {
            'error': error or ['set', []],
            'ofport': -1 if error or name in self.portless else 7},
            [['name', '==', name]])


class Switch:
    """:ivar ovs: tests.lab.ovs.Ovs without an ovs-vswitchd of its own"""

    def __init__(self, running):
        self.ovs = running
        self.connection = running.connection
        self._client = Client(running.connection)
        self.vswitchd = None

    def reset(self):
        """The database as a new host has it: one bridge, no port."""
        self._client.update('Open_vSwitch', {'bridges': ['set', []]})
        self._client.transact({'op': 'delete', 'table': 'QoS', 'where': []})
        self.add_bridge('br-int')

    def add_bridge(self, name):
        self._client.transact(
            {'op': 'insert', 'table': 'Bridge', 'uuid-name': 'bridge',
             'row': {'name': name}},
            {'op': 'mutate', 'table': 'Open_vSwitch', 'where': [],
             'mutations': [['bridges', 'insert', ['named-uuid', 'bridge']]]})

    def add_port(self, bridge, *names, iface_id, port=None, **columns):
        """:param names: of its interfaces; the first is the port's, too,
            unless said
        :param columns: of the Port row
        """
        self._client.transact(
            *({'op': 'insert', 'table': 'Interface', 'uuid-name': f'i{number}',
               'row': {'name': name, 'external_ids': [
                   'map', [['iface-id', iface_id]]]}}
              for number, name in enumerate(names)),
            {'op': 'insert', 'table': 'Port', 'uuid-name': 'port', 'row': {
                'name': port or names[0], **columns, 'interfaces': [
                    'set', [['named-uuid', f'i{number}']
                            for number in range(len(names))]]}},
            {'op': 'mutate', 'table': 'Bridge',
             'where': [['name', '==', bridge]],
             'mutations': [['ports', 'insert', ['named-uuid', 'port']]]})

    def update(self, *arguments):
        self._client.update(*arguments)

    def delete_port(self, name):
        row, = self._client.transact({
            'op': 'select', 'table': 'Port', 'columns': ['_uuid'],
            'where': [['name', '==', name]]})[0]['rows']
        self._client.transact({
            'op': 'mutate', 'table': 'Bridge', 'where': [],
            'mutations': [['ports', 'delete', row['_uuid']]]})

    def add_queues(self, **row):
        self._client.transact({'op': 'insert', 'table': 'QoS', 'row': row})

    def dump(self):
        """:returns: dict, see tests.lab.ovs.Ovs.dump"""
        return ovs.dump(self.connection)

    def row(self, table, name):
        """:returns: dict of the columns of the one row of that name"""
        found, = (row for row in self.dump()[table].values()
                  if row['name'] == name)
        return found

    def ports(self):
        """:returns: dict, bridge → set of names of its ports"""
        names = {str(row['_uuid'][1]): row['name']
                 for row in self._client.rows('Port', '_uuid', 'name')}
        return {row['name']: {names[one] for one in _uuids(row['ports'])}
                for row in self._client.rows('Bridge', 'name', 'ports')}


def _uuids(value):
    return [value[1]] if value[0] == 'uuid' else [one[1] for one in value[1]]
