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

"""Stands in for an ovs-vswitchd that can do what this machine cannot.

    python3 -m tests.lab.stand_in unix:/path/db.sock

It opens every interface (DPDK's, or of the kernel's datapath) and confirms
every configuration: what is tested then is the database alone.
"""

import sys

from ovs import poller
from ovs.db import idl
from ovsdbapp.backend.ovs_idl import idlutils

_COLUMNS = {'Open_vSwitch': ['next_cfg', 'cur_cfg'],
            'Interface': ['name', 'ofport']}


def _confirm(database):
    """:returns: whether there was nothing to do, or it is done"""
    change = idl.Transaction(database)
    interfaces = database.tables['Interface'].rows.values()
    taken = max((row.ofport[0] for row in interfaces if row.ofport),
                default=0)
    for row in interfaces:
        if not row.ofport:
            taken += 1
            row.ofport = taken
    for row in database.tables['Open_vSwitch'].rows.values():
        if row.cur_cfg != row.next_cfg:
            row.cur_cfg = row.next_cfg
    return change.commit_block() in (change.SUCCESS, change.UNCHANGED)


def main(connection):
    helper = idlutils.get_schema_helper(connection, 'Open_vSwitch')
    for table, columns in _COLUMNS.items():
        helper.register_columns(table, columns)
    database = idl.Idl(connection, helper)
    while True:
        seen = database.change_seqno
        database.run()
        if database.has_ever_connected():
            _confirm(database)
        if database.change_seqno == seen:
            waiter = poller.Poller()
            database.wait(waiter)
            waiter.block()


if __name__ == '__main__':
    main(sys.argv[1])
