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

"""Whatever does not do its work is named, and nobody else."""

import concurrent.futures
import dataclasses
import json
import pathlib
import time

import pytest

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs.client import OvsDb
from tests.lab import culprit
from tests.lab import ovs as lab
from tests.lab import storm
from tests.lab.osvif import Port
from tests.sim import memory
from tests.sim.card import Card
from tests.sim.card import Pf

PF = Pf('0000:03:00.0', 'enp3s0f0np0', vfs=8, vf_offset=8)
VFS = PF.vf_addresses
TIMEOUT = 2
# What Python objects look like in a text.
REPRESENTATIONS = ('Command', 'object at', 'OvsPort', '<', "('", '[]', '{')


@pytest.fixture
def host(compute):
    host = compute(Card(pfs=(PF,)))
    host.options['os_vif_vflag']['ovsdb_timeout'] = TIMEOUT
    return host


def plug_all(host, ports, how=storm.plug_all, *more):
    with memory.folder() as folder:
        progress = pathlib.Path(folder, 'progress')
        return host.run(how, ports, len(ports), progress, *more).result()


def check_texts(done, words):
    for one in done:
        assert words in one.error and one.port.id in one.error, one
        # os-vif itself puts the whole VIF before it.
        _, ours = one.error.split('Got error: ')
        for part in REPRESENTATIONS:
            assert part not in ours, one


def test_a_hung_vswitchd(host):
    """Of plugs at the same time none takes another's wait for its own."""
    before = host.ovs.dump()
    host.ovs.pause(lab.VSWITCHD)
    done = plug_all(host, [Port(vf) for vf in VFS])
    host.ovs.resume(lab.VSWITCHD)
    check_texts(done, 'ovs-vswitchd did not take up the change to enp3s0f0_')
    assert max(one.seconds for one in done) < 2 * TIMEOUT
    host.ovs.vsctl('init')
    assert host.ovs.dump() == before


def test_a_hung_server(host):
    """One waits for its answer, the others for that."""
    done = plug_all(host, [Port(vf) for vf in VFS], culprit.plug_all_silenced,
                    host.ovs.folder / f'{lab.SERVER}.pid')
    host.ovs.resume(lab.SERVER)
    check_texts(done, f'ovsdb-server at {host.ovs.connection} cannot be')
    assert max(one.seconds for one in done) < 3 * TIMEOUT
    assert sum('the change is unanswered' in one.error for one in done) == 1


def test_a_lost_answer(compute):
    """What cannot be opened is found out, and taken away, all the same."""
    host = compute(Card(pfs=(PF,)), switch_sees_netdevs=False)
    before = host.ovs.dump()
    outcome = host.run(culprit.lose_the_answer, 'plug', Port(VFS[0]))
    assert 'ovs-vswitchd could not open enp3s0f0_0' in outcome.text, outcome
    assert host.ovs.dump() == before


def test_a_lost_answer_to_unplug(compute):
    """Of a representor that its VF has no more: only the database knows."""
    host = compute(Card(pfs=(PF,)))
    port = Port(VFS[0])
    host.plug(port).result()
    gone = dataclasses.replace(port, vf='ffff:ff:1f.7')
    host.run(culprit.lose_the_answer, 'unplug', gone).result()
    assert host.netdev(host.representor(port.vf))[0] == 'down'


def test_the_server_dies_while_vswitchd_is_waited_for(host):
    host.ovs.pause(lab.VSWITCHD)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        plug = pool.submit(host.plug, Port(VFS[0]))
        while not host.ovs.interface('enp3s0f0_0') and not plug.done():
            time.sleep(0.01)
        host.ovs.kill(lab.SERVER)
        outcome = plug.result()
    assert f'ovsdb-server at {host.ovs.connection}' in outcome.text, outcome
    assert '(the connection was lost)' in outcome.text
    assert 'ovs-vswitchd' not in outcome.text


def test_another_database(without):
    """That of OVN, say: the server answers, and has not what is wanted."""
    with without('SSL', 'bootstrap_ca_cert') as ovs:
        ovs.remove_database()
        with pytest.raises(ovs_errors.OvsdbUnreachable,
                           match='it has no database Open_vSwitch'):
            OvsDb(ovs.connection, 30, tls=None).has_bridge('br-int')


def test_a_forked_process(host):
    """The thread that talks to ovsdb-server is the parent's: the child has
    one of its own, and the parent keeps what it has."""
    ports = [Port(vf) for vf in VFS[:3]]
    start = time.monotonic()
    assert host.run(culprit.fork, ports[:2], ports[2]).result() == 0
    assert time.monotonic() - start < 2 * TIMEOUT
    assert len(host.ovs.ports('br-int')) == 3


@pytest.fixture
def without(tmp_path):
    """A function: table, column → ovsdb-server whose schema has it not."""
    if lab.why_not():
        pytest.skip(lab.why_not())

    def start(table, column):
        schema = json.loads(lab.SCHEMA.read_text())
        if column:
            del schema['tables'][table]['columns'][column]
        else:
            del schema['tables'][table]
        path = tmp_path / 'schema'
        path.write_text(json.dumps(schema))
        return lab.Ovs(vswitchd=lab.STAND_IN, schema=path)

    return start


@pytest.mark.parametrize('table, column', [
    ('Interface', 'mtu_request'), ('Interface', 'error'),
    ('Port', 'trunks')])
def test_a_schema_lacks_a_column(without, table, column):
    with without(table, column) as ovs, pytest.raises(
            ovs_errors.OvsdbSchemaLacks) as caught:
        OvsDb(ovs.connection, TIMEOUT, tls=None).has_bridge('br-int')
    for part in (f'no column {column} in its table {table}', ovs.connection,
                 'version 8.', 'Open vSwitch 2.12'):
        assert part in str(caught.value)
