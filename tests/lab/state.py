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

"""What is left on a host, in a form that two runs have in common."""

# Numbers that ovs-vswitchd deals out anew for a port that comes back.
_DEALT = {'Interface': ('ofport',)}


def of(host, *vfs):
    """The database and the VFs' representors, comparable across runs.

    :param host: tests.lab.compute.Compute
    :returns: tuple (table -> sorted rows, netdev name -> (state, mtu))
    """
    return database(host.ovs.dump()), {
        name: host.netdev(name) for name in map(host.representor, vfs)}


def database(dump):
    """A dump with names where the uuids of rows were.

    :param dump: of tests.lab.ovs.Ovs.dump
    """
    names = {uuid: f'{table}:{row.get("name", "")}'
             for table, rows in dump.items() for uuid, row in rows.items()}
    return {table: sorted((_row(table, row, names) for row in rows.values()),
                          key=str)
            for table, rows in dump.items()}


def plugged(host):
    """:returns: dict iface-id -> name of its interface
    :raises AssertionError: an iface-id is there twice, or ovs-vswitchd has
        not opened an interface
    """
    found = {}
    for row in host.ovs.dump()['Interface'].values():
        iface_id = row['external_ids'].get('iface-id')
        if iface_id is not None:
            assert iface_id not in found, f'{iface_id} is there twice'
            assert row['error'] == [] and row['ofport'] != [], row
            found[iface_id] = row['name']
    return found


def _row(table, row, names):
    return {column: _named(value, names) for column, value in row.items()
            if column not in _DEALT.get(table, ())}


def _named(value, names):
    if isinstance(value, list):
        return sorted((_named(item, names) for item in value), key=str)
    if isinstance(value, dict):
        return {key: _named(item, names) for key, item in value.items()}
    return names.get(value, value) if isinstance(value, str) else value
