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

"""ovsdb_connection with one or several remotes."""

import time

from ovs.db import idl
import pytest

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import remotes
from os_vif_vflag.ovs.client import OvsDb

GOOD = {
    'tcp:127.0.0.1:6640': ('tcp:127.0.0.1:6640',),
    'unix:/run/db.sock,ssl:[::1]:6640': (
        'unix:/run/db.sock', 'ssl:[::1]:6640'),
    ' tcp:a:1 , tcp:b:2': ('tcp:a:1', 'tcp:b:2'),
    'unix:/a,b,tcp:c:1': ('unix:/a,b', 'tcp:c:1'),
}
BAD = {
    '': '', 'tcp': 'tcp', '6640': '6640', 'tcp:a:1,': '',
    'tcp:a:1,,tcp:b:2': '', 'tcp:a:1,http:b:2': 'http:b:2',
    'ptcp:6640': 'ptcp:6640', 'tcp:a:1, cid:4': 'cid:4',
}


@pytest.mark.parametrize('connection', GOOD)
def test_remotes_are_split_at_commas(connection):
    found = remotes.split(connection)
    assert found == GOOD[connection]
    # What python-ovs makes of what it is given.
    assert idl.Idl._parse_remotes(None, ','.join(found)) == list(found)


@pytest.mark.parametrize('connection', BAD)
def test_the_bad_member_is_named(connection):
    with pytest.raises(ovs_errors.OvsdbRemoteInvalid) as caught:
        OvsDb(connection, 1, tls=None).has_bridge('br-int')
    assert f'has "{BAD[connection]}" in "{connection}"' in str(caught.value)


@pytest.mark.parametrize('member', [
    'tcp:127.0.0.1:99999', 'unix:/' + 'x' * 120])
def test_a_member_that_cannot_be_is_named(member):
    """It is not left for the moment when it would be the leader."""
    with pytest.raises(ovs_errors.OvsdbUnreachable) as caught:
        OvsDb(f'unix:/nonexistent,{member}', 1, tls=None).has_bridge('br-int')
    assert f'({member}: ' in str(caught.value)


def test_each_is_named_with_its_own_words():
    start = time.monotonic()
    with pytest.raises(ovs_errors.OvsdbUnreachable) as caught:
        OvsDb('unix:/nonexistent,tcp:127.0.0.1:1', 60, tls=None).interfaces()
    assert time.monotonic() - start < 30     # nobody is waited for
    assert ('(unix:/nonexistent: No such file or directory; '
            'tcp:127.0.0.1:1: Connection refused)') in str(caught.value)
