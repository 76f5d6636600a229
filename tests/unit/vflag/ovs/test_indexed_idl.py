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

"""Why the copy of the database is not up to date, and of whom."""

import json
import types

from ovs.db import idl
from ovsdbapp.backend.ovs_idl import idlutils
import pytest

from os_vif_vflag.ovs import indexed_idl
from tests.lab import ovs

MEMBER = {'name': 'Open_vSwitch', 'model': 'clustered', 'connected': True}


def copy_of(*remotes):
    if ovs.why_not():
        pytest.skip(ovs.why_not())
    helper = idlutils.create_schema_helper(
        json.loads(ovs.SCHEMA.read_text()))
    helper.register_columns('Open_vSwitch', ['cur_cfg'])
    return indexed_idl.IndexedIdl(remotes, helper)


def reconnected(**database):
    """One that turned to another server, whose databases are so."""
    found = copy_of('unix:/a', 'unix:/b')
    rows = {1: types.SimpleNamespace(**MEMBER | {'name': '_Server'}),
            2: types.SimpleNamespace(**MEMBER | database)}
    found.server_tables = {'Database': types.SimpleNamespace(rows=rows)}
    found.force_reconnect()
    return found


@pytest.mark.parametrize('connected, problem', [
    (True, 'is not the leader of its cluster'),
    (False, 'is cut off from its cluster')])
def test_a_member_of_no_use_is_named(connected, problem):
    found = reconnected(connected=connected)
    assert found.why_not() == (
        f'{found._session.get_name()} {problem}, all of whose members have '
        'to be named, separated by commas')
    assert found._session.get_name() in ('unix:/a', 'unix:/b')


@pytest.mark.parametrize('database', [
    {'model': 'standalone'}, {'name': 'OVN_Southbound'}])
def test_of_another_database_nothing_is_said(database):
    assert reconnected(**database).why_not() == 'it sent no data'


def test_one_that_has_said_nothing_yet():
    found = copy_of('unix:/a')
    found.force_reconnect()
    assert found.why_not() == 'it sent no data'
    assert not found.is_connected()


def test_what_arrives_ends_the_trouble():
    found = reconnected(connected=True)
    table = types.SimpleNamespace(name='Open_vSwitch')
    found.notify(idl.ROW_UPDATE, types.SimpleNamespace(
        _table=table, cur_cfg=7))
    assert found.why_not() == 'it sent no data'
    assert [found.vswitchd_has_completed(number) for number in (6, 7, 8)] == [
        True, True, False]
    assert found.wait_for_vswitchd(7, 0)
    assert not found.wait_for_vswitchd(8, 0.01)


def test_only_silence_shows_that_a_member_hangs():
    """A single server has no other one to turn to."""
    def seconds(found):
        return found._session.reconnect.get_probe_interval()

    assert seconds(copy_of('unix:/a', 'unix:/b')) == 5000
    assert seconds(copy_of('unix:/a')) == 0
