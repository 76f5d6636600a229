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

"""A real Open vSwitch of one's own: ovsdb-server and ovs-vswitchd.

    with Ovs(netns='sim') as ovs:
        ovs.add_bridge('br-int')

Its files and sockets are in a folder of its own, its devices those of the
network namespace. Bridges need datapath_type=netdev: ovs-vswitchd then
forwards packets itself, with no kernel module.
"""

import contextlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

from tests.sim import inside
from tests.sim import memory

SCHEMA = pathlib.Path('/usr/share/openvswitch/vswitch.ovsschema')
SERVER, VSWITCHD = 'ovsdb-server', 'ovs-vswitchd'
# Instead of ovs-vswitchd, see tests.lab.stand_in.
STAND_IN = 'stand-in'
# An ovs-vswitchd that opens no netdev. A real one is a packet socket of the
# datapath in user space: to close it costs 10 ms in the kernel, which a
# port of the kernel's own datapath does not.
DUMMY = 'dummy'
TIMEOUT = 20
_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
# As Debian's ovs-ctl starts it: what "ovs-vsctl set-ssl" says.
TLS = [f'--{option}=db:Open_vSwitch,SSL,{column}' for option, column in (
    ('private-key', 'private_key'), ('certificate', 'certificate'),
    ('ca-cert', 'ca_cert'))]
# Counters of configuration changes: every change moves them.
_COUNTERS = {'Open_vSwitch': {'cur_cfg', 'next_cfg'}}


def why_not():
    """Why this machine cannot run it; None if it can."""
    if not SCHEMA.exists():
        return f'{SCHEMA} is missing: install openvswitch-switch'
    return inside.why_not()


class Ovs:

    def __init__(self, netns=None, vswitchd=VSWITCHD, schema=SCHEMA):
        """
        :param netns: name of the network namespace to run in, or None
        :param vswitchd: VSWITCHD, STAND_IN or DUMMY; None for a database
            alone
        :param schema: file with the schema of the database
        """
        self._netns = netns
        self._schema = schema
        self._vswitchd = vswitchd
        self._daemons = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.folder = pathlib.Path(
                stack.enter_context(memory.folder('ovs-')))
            stack.callback(self.stop)
            self._create()
            self.vsctl('--no-wait', 'init')
            if self._vswitchd:
                self.start(self._vswitchd)
                self.vsctl('init')     # waits for ovs-vswitchd
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        self._stack.close()

    @property
    def connection(self):
        return f'unix:{self.folder}/db.sock'

    @property
    def _db(self):
        return self.folder / 'conf.db'

    # The daemons, by name

    def start(self, daemon):
        if daemon == STAND_IN:
            self._daemons[daemon] = subprocess.Popen(
                ['setpriv', '--pdeathsig', 'KILL', sys.executable, '-m',
                 'tests.lab.stand_in', self.connection])
            return
        # setpriv: they end with the tests, however those end.
        argv = inside.command(
            ['setpriv', '--pdeathsig', 'KILL', *self._arguments(daemon),
             '-vconsole:off', f'--log-file={self.folder}/{daemon}.log',
             f'--pidfile={self.folder}/{daemon}.pid',
             f'--unixctl={self.folder}/{daemon}.ctl'],
            netns=self._netns)
        self._daemons[daemon] = subprocess.Popen(argv, env=self._env())
        # Whoever calls too early tries again only a second later.
        control = self.folder / f'{daemon}.ctl'
        deadline = time.monotonic() + TIMEOUT
        while not control.exists() and time.monotonic() < deadline:
            time.sleep(0.005)

    def listen(self, kind, port=6640, server=SERVER):
        """A server listens there, too, in its namespace.

        :param kind: tcp or ssl
        :returns: the connection
        """
        self._appctl(server, 'ovsdb-server/add-remote',
                     f'p{kind}:{port}:127.0.0.1')
        return f'{kind}:127.0.0.1:{port}'

    def remove_database(self):
        """The server goes on without it."""
        self._appctl(SERVER, 'ovsdb-server/remove-db', 'Open_vSwitch')

    def kill(self, daemon):
        """As a crash does."""
        self._end(daemon, signal.SIGKILL)

    def restart(self, daemon):
        self._end(daemon, signal.SIGTERM)
        self.start(daemon)

    def pause(self, daemon):
        """It keeps its sockets and answers nobody."""
        self._daemons[daemon].send_signal(signal.SIGSTOP)

    def resume(self, daemon):
        self._daemons[daemon].send_signal(signal.SIGCONT)

    def stop(self):
        for daemon in reversed(list(self._daemons)):
            self._end(daemon, signal.SIGKILL)

    def _create(self):
        """The database, and its server."""
        self._run('ovsdb-tool', 'create', self._db, self._schema)
        self.start(SERVER)

    def _arguments(self, daemon):
        return {
            SERVER: [SERVER, self._db, f'--remote=p{self.connection}', *TLS],
            VSWITCHD: [VSWITCHD, self.connection, '--disable-system'],
            DUMMY: [VSWITCHD, self.connection, '--enable-dummy=override'],
        }[daemon]

    def _end(self, daemon, number):
        process = self._daemons.pop(daemon)
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.wait(TIMEOUT)
        (self.folder / f'{daemon}.ctl').unlink(missing_ok=True)

    # What it holds

    def vsctl(self, *arguments):
        """ovs-vsctl; waits for ovs-vswitchd unless called with --no-wait."""
        return self._run('ovs-vsctl', f'--db={self.connection}',
                         '--retry', f'--timeout={TIMEOUT}', *arguments)

    def add_bridge(self, name):
        self.vsctl('add-br', name,
                   '--', 'set', 'Bridge', name, 'datapath_type=netdev')

    @contextlib.contextmanager
    def transactions(self):
        """As ovsdb-server sees them, of those who connect meanwhile.

        :returns: list, at the end: the connection's name of each transaction
        """
        log = self.folder / f'{SERVER}.log'
        self._appctl(SERVER, 'vlog/set', 'jsonrpc:file:dbg')
        start, seen = log.stat().st_size, []
        yield seen
        # «unix#7: received request, method="transact", …»; a new connection
        # requests the schema first.
        requests = re.findall(
            r'\|unix#(\d+): received request, method="([a-z_]+)"',
            log.read_text()[start:])
        new = {who for who, method in requests if method == 'get_schema'}
        seen += [who for who, method in requests
                 if who in new and method == 'transact']

    def ports(self, bridge):
        return self.vsctl('list-ports', bridge).split()

    def interface(self, name):
        """Columns of the interface; None if there is none."""
        return next((row for row in self.dump()['Interface'].values()
                     if row['name'] == name), None)

    def dump(self):
        """The whole database: table -> uuid -> column -> value.

        Without what the schema itself calls ephemeral (statistics and
        other states that ovs-vswitchd reports).
        """
        return dump(self.connection)

    def _env(self):
        names = ('OVS_RUNDIR', 'OVS_LOGDIR', 'OVS_DBDIR', 'OVS_SYSCONFDIR')
        return {'PATH': _PATH, **dict.fromkeys(names, str(self.folder))}

    def _appctl(self, daemon, *command):
        return self._run('ovs-appctl', f'--timeout={TIMEOUT}', '-t',
                         self.folder / f'{daemon}.ctl', *command)

    def _run(self, *argv):
        return _run(argv, self._env())


def dump(connection):
    """As Ovs.dump, for whoever has only the connection."""
    tables = json.loads(SCHEMA.read_text())['tables']
    selects = [
        {'op': 'select', 'table': table, 'where': [],
         'columns': ['_uuid', *_lasting(table, columns['columns'])]}
        for table, columns in tables.items()]
    answer = json.loads(_run(
        ['ovsdb-client', f'--timeout={TIMEOUT}', 'transact', connection,
         json.dumps(['Open_vSwitch', *selects])], {'PATH': _PATH}))
    return {
        table: {_plain(row.pop('_uuid')): {
            column: _plain(value) for column, value in row.items()}
            for row in result['rows']}
        for table, result in zip(tables, answer, strict=True)}


def _run(argv, env):
    done = subprocess.run(
        [str(part) for part in argv], env=env,
        capture_output=True, text=True, timeout=2 * TIMEOUT)
    if done.returncode:
        raise RuntimeError(f'{argv[0]}: {done.stderr.strip()}')
    return done.stdout


def _lasting(table, columns):
    skip = _COUNTERS.get(table, ())
    return [name for name, column in columns.items()
            if not column.get('ephemeral') and name not in skip]


def _plain(value):
    """A value of the OVSDB protocol (RFC 7047, 5.1) as a Python one."""
    match value:
        case ['uuid' | 'named-uuid', text]:
            return text
        case ['set', items]:
            return sorted((_plain(item) for item in items), key=str)
        case ['map', pairs]:
            return {_plain(key): _plain(item) for key, item in pairs}
    return value
