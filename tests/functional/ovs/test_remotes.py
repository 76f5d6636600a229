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

"""Several ovsdb-servers: a cluster, whose leader is written to."""

import pytest

from os_vif_vflag.ovs import commands
from os_vif_vflag.ovs.client import OvsDb
from tests.lab import cluster
from tests.lab import ovs
from tests.lab import pki
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

PF = Pf('0000:03:00.0', 'enp3s0f0np0', vfs=4, vf_offset=1)
VFS = PF.vf_addresses
TIMEOUT = 30


@pytest.fixture
def host(compute):
    host = compute(Card(pfs=(PF,)), switch=cluster.Cluster)
    host.options['os_vif_vflag']['ovsdb_timeout'] = TIMEOUT
    return host


def assert_plugs(host, port):
    plugged = []
    host.act(('plug', port),
             lambda: plugged.extend(host.ovs.ports('br-int')),
             ('unplug', port)).result()
    assert plugged == [host.representor(port.vf)]
    assert host.ovs.ports('br-int') == []


def test_the_leader_is_killed(host):
    """While the plugin is connected to it."""
    one, two = Port(VFS[0]), Port(VFS[1])
    host.act(('plug', one), lambda: host.ovs.kill(host.ovs.leader()),
             ('plug', two), ('unplug', one)).result()
    assert host.ovs.ports('br-int') == [host.representor(two.vf)]


def test_the_leader_hangs():
    """It keeps its connections, and says nothing. Of ovs-vswitchd nothing is
    wanted here: over unix sockets it does not notice."""
    if ovs.why_not():
        pytest.skip(ovs.why_not())
    with cluster.Cluster(vswitchd=ovs.STAND_IN) as servers:
        servers.add_bridge('br-int')
        db = OvsDb(servers.connection, TIMEOUT, tls=None)
        assert db.has_bridge('br-int')
        servers.pause(servers.leader())
        db._commit(commands.UnplugCommand(db._api, 'none', 'br-int'),
                   'br-int', wait=False)
        assert not db.has_bridge('br-int')


def test_a_cluster_without_a_majority(host):
    """The members are named, with what each of them says."""
    leader = host.ovs.leader()
    other, last = sorted(set(cluster.MEMBERS) - {leader})
    host.options['os_vif_vflag']['ovsdb_timeout'] = 5
    for member in (leader, other):
        host.ovs.kill(member)
    outcome = host.plug(Port(VFS[0]))
    assert f'ovsdb-server at {host.ovs.connection} cannot' in outcome.text
    assert f'{last}.sock is ' in outcome.text
    assert 'cluster' in outcome.text


def test_only_a_follower_is_named(host):
    leader = host.ovs.leader()
    follower, other = sorted(set(cluster.MEMBERS) - {leader})
    host.options['os_vif_vflag'].update(
        ovsdb_connection=host.ovs.remote(follower), ovsdb_timeout=3)
    outcome = host.plug(Port(VFS[0]))
    assert (f'{host.ovs.remote(follower)} is not the leader of its cluster, '
            'all of whose members have to be named') in outcome.text


def test_all_kinds_of_remotes(host, tmp_path):
    """Whichever leads: the one reached by unix, tcp or ssl."""
    authority = pki.Authority(tmp_path, 'ours')
    server, client = map(authority.identity, ('ovsdb-server', 'client'))
    host.ovs.vsctl('set-ssl', server.key, server.certificate,
                   authority.certificate)
    host.options['os_vif_vflag'].update(
        ssl_key_file=client.key, ssl_cert_file=client.certificate,
        ssl_ca_cert_file=authority.certificate)
    remotes = [(host.ovs.remote(member), host.ovs.listen('tcp', port, member),
                host.ovs.listen('ssl', port + 1, member))
               for port, member in zip((6641, 6643, 6645), cluster.MEMBERS,
                                       strict=True)]
    port = Port(VFS[0])
    for turn in range(3):
        host.options['os_vif_vflag']['ovsdb_connection'] = ', '.join(
            kinds[(turn + number) % 3]
            for number, kinds in enumerate(remotes))
        assert_plugs(host, port)


def test_some_are_not_there(host):
    leader = host.ovs.leader()
    host.options['os_vif_vflag']['ovsdb_connection'] = (
        f'tcp:127.0.0.1:1,{host.ovs.remote(leader)},unix:/nonexistent')
    assert_plugs(host, Port(VFS[0]))
