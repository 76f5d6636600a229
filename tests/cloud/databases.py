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

"""The databases and Keystone's contents: made once, then copied.

A template of them is kept beside the run, named by a hash of what it was
made from; with it the next run starts warm.
"""

import hashlib
import pathlib
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time

from tests.cloud import config
from tests.cloud import state as state_mod

HERE = pathlib.Path(__file__).parent
# What the template depends on beside the versions of the packages.
SOURCES = ('config.py', 'databases.py', 'catalogue.py',
           'inside/neutron_schema.py')
BOOTSTRAP = (
    '--bootstrap-password', config.PASSWORD,
    '--bootstrap-region-id', config.REGION,
    '--bootstrap-public-url', config.KEYSTONE,
    '--bootstrap-internal-url', config.KEYSTONE)
# They only compute; more of them would only wait.
SIDE_BY_SIDE = 2


class TemplateError(Exception):
    """A database cannot be made.

    :param log: the file to read
    """

    def __init__(self, name, process, log):
        super().__init__(
            f'the database of {name} cannot be made: '
            f'{shlex.join(process.args)} ended with status '
            f'{process.returncode}')
        self.log = log


def template(state):
    """The folder of the template that fits these sources."""
    digest = hashlib.sha256()
    for path in [state_mod.CHECKOUT / 'constraints.txt',
                 *(HERE / name for name in SOURCES)]:
        digest.update(path.read_bytes())
    # Nova's cell mapping holds the absolute paths of its databases.
    digest.update(f'{state.run}{sys.prefix}'.encode())
    return state.root / f'template-{digest.hexdigest()[:12]}'


def _manage(name, state, conf):
    """A function: arguments -> the command line of NAME-manage."""
    return lambda *args: [state_mod.tool(name), '--config-file',
                          str(config.path(state, conf)), *map(str, args)]


def commands(state):
    """{name of a chain: its commands}; chains run side by side."""
    keystone = _manage('keystone-manage', state, 'keystone/keystone.conf')
    nova = _manage('nova-manage', state, 'nova/nova.conf')
    glance = _manage('glance-manage', state, 'glance/glance-api.conf')
    neutron = _manage('neutron-db-manage', state, 'neutron/neutron.conf')
    placement = _manage('placement-manage', state,
                        'placement/placement.conf')
    schema = [sys.executable, '-m', 'tests.cloud.inside.neutron_schema',
              config.connection(state, 'neutron')]
    owner = ('--keystone-user', 'root', '--keystone-group', 'root')
    return {
        # `db sync` makes the cell's database and, through its mapping,
        # cell0's.
        'nova': [nova('api_db', 'sync'),
                 nova('cell_v2', 'map_cell0', '--database_connection',
                      config.connection(state, 'nova_cell0')),
                 nova('db', 'sync'),
                 nova('cell_v2', 'create_cell', '--name', 'cell1')],
        'keystone': [keystone('db_sync'),
                     keystone('fernet_setup', *owner),
                     keystone('credential_setup', *owner),
                     keystone('bootstrap', *BOOTSTRAP)],
        'glance': [glance('db', 'sync')],
        'neutron': [schema, neutron('stamp', 'heads')],
        'placement': [placement('db', 'sync')],
    }


def create_files(state):
    """Empty databases in WAL mode: readers and a writer side by side."""
    for name in config.DATABASES:
        path = config.database_file(state, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(path) as db:
            db.execute('PRAGMA journal_mode = WAL')
        db.close()


def create(state, machine, report):
    """Every database with its schema, and what *-manage puts in."""
    create_files(state)
    waiting = list(commands(state).items())
    running = {}     # name: (process, commands that follow)
    while waiting or running:
        while waiting and len(running) < SIDE_BY_SIDE:
            name, chain = waiting.pop(0)
            running[name] = _start(state, machine, name, chain)
        for name, (process, rest) in list(running.items()):
            if process.poll() is None:
                continue
            if process.returncode:
                raise TemplateError(name, process, state.log(_log(name)))
            del running[name]
            if rest:
                running[name] = _start(state, machine, name, rest)
            else:
                report(f'database schema of {name} made')
        time.sleep(0.05)


def _log(name):
    return f'database-{name}'


def _start(state, machine, name, chain):
    """Start the first command of a chain in the machine, to end with it.

    :returns: the process and the rest of the chain
    """
    argv, *rest = chain
    with state.log(_log(name)).open('a') as log:
        log.write(f'$ {shlex.join(argv)}\n')
        log.flush()
        process = subprocess.Popen(
            machine.enter(*argv), env=state.environment(),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    return process, rest


def save(state):
    """Keep the databases as they are now; they may be in use."""
    target = template(state)
    for old in state.root.glob('template-*'):
        shutil.rmtree(old, ignore_errors=True)
    work = target.with_suffix('.new')
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for name in config.DATABASES:
        _copy(config.database_file(state, name), work / f'{name}.sqlite')
    shutil.copytree(state.run / 'keystone', work / 'keystone')
    work.rename(target)


def restore(state):
    """Take the databases from the template.

    :returns: False if there is none
    """
    source = template(state)
    if not source.exists():
        return False
    create_files(state)
    for name in config.DATABASES:
        _copy(source / f'{name}.sqlite', config.database_file(state, name))
    shutil.rmtree(state.run / 'keystone')
    shutil.copytree(source / 'keystone', state.run / 'keystone')
    return True


def _copy(source, target):
    """A consistent copy of a database that may be in use."""
    reader, writer = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reader.backup(writer)
    finally:
        reader.close()
        writer.close()
