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

"""Imports between rooms go down only, as the table says.

Written with ast, not as contracts of import-linter: a table and forty lines
serve, and imports within functions count as well.
"""

import ast
import collections
import graphlib
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
OURS = ('os_vif_vflag', 'nova_sriov_ext')
PLUGIN = 'os_vif_vflag'
EXTENSION = 'nova_sriov_ext'

# Room → what it may import of ours beside itself. A name without a dot below
# the package is one module; '' stands for all modules that are in no room.
ARROWS = {
    f'{PLUGIN}.exception': (),
    f'{PLUGIN}.kernel': (),
    f'{PLUGIN}.privileged': (f'{PLUGIN}.exception', f'{PLUGIN}.kernel'),
    f'{PLUGIN}.host': (f'{PLUGIN}.exception', f'{PLUGIN}.kernel',
                       f'{PLUGIN}.privileged'),
    f'{PLUGIN}.ovs': (f'{PLUGIN}.exception',),
    PLUGIN: (PLUGIN,),
    f'{EXTENSION}.conf': (),
    f'{EXTENSION}.exception': (),
    f'{EXTENSION}.nova_compat': (),
    f'{EXTENSION}.report.document': (),
    f'{EXTENSION}.report.networks': (),
    f'{EXTENSION}.report.tags': (),
    f'{EXTENSION}.report.states': (f'{EXTENSION}.report.document',),
    f'{EXTENSION}.report': (f'{PLUGIN}.host.model',),
    f'{EXTENSION}.demand': (f'{EXTENSION}.conf',
                            f'{EXTENSION}.nova_compat',
                            f'{EXTENSION}.report.document',
                            f'{EXTENSION}.report.networks',
                            f'{EXTENSION}.report.states',
                            f'{EXTENSION}.report.tags'),
    # Pure: no option, no service, no file of a host.
    f'{EXTENSION}.fit': (f'{EXTENSION}.demand.model',
                         f'{EXTENSION}.report.document',
                         f'{EXTENSION}.report.networks',
                         f'{EXTENSION}.report.states',
                         f'{EXTENSION}.report.tags'),
    f'{EXTENSION}.placement': (
        f'{EXTENSION}.conf', f'{EXTENSION}.nova_compat',
        f'{EXTENSION}.report'),
    f'{EXTENSION}.scheduler': (
        f'{EXTENSION}.conf', f'{EXTENSION}.nova_compat',
        f'{EXTENSION}.report', f'{EXTENSION}.demand', f'{EXTENSION}.fit',
        f'{EXTENSION}.placement.api', f'{EXTENSION}.placement.free_vfs',
        f'{EXTENSION}.placement.names'),
    f'{EXTENSION}.claim': (
        f'{EXTENSION}.conf', f'{EXTENSION}.exception',
        f'{EXTENSION}.nova_compat', f'{EXTENSION}.report',
        f'{EXTENSION}.demand', f'{EXTENSION}.fit'),
    f'{EXTENSION}.virt': (
        f'{EXTENSION}.conf', f'{EXTENSION}.exception',
        f'{EXTENSION}.nova_compat', f'{EXTENSION}.report',
        f'{EXTENSION}.claim', f'{EXTENSION}.placement', PLUGIN),
    f'{EXTENSION}.traffic': (
        f'{PLUGIN}.exception', f'{PLUGIN}.host', f'{PLUGIN}.kernel',
        f'{PLUGIN}.ovs'),
    f'{EXTENSION}.cmd': (EXTENSION, PLUGIN),
    EXTENSION: (f'{EXTENSION}.demand', f'{EXTENSION}.conf'),
}

# Where a host is read: no part of these may be of use to what decides.
READS = {'socket', 'os', 'subprocess', 'pyroute2', 'requests', 'pathlib'}


def modules():
    """:returns: dict, name of a module → its file"""
    found = {}
    for top in OURS:
        for path in (ROOT / top).rglob('*.py'):
            parts = path.relative_to(ROOT).with_suffix('').parts
            found['.'.join(parts).removesuffix('.__init__')] = path
    return found


MODULES = modules()


def imports(name):
    """:returns: iterator of (module, the name it has there)"""
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f'{node.module}.{alias.name}'
                yield ((whole, alias.asname or alias.name)
                       if whole in MODULES else (node.module, None))
        elif isinstance(node, ast.Import):
            yield from ((alias.name, alias.asname) for alias in node.names)


def within(name, room):
    return name == room or name.startswith(f'{room}.')


def room_of(name):
    return max((room for room in ARROWS if within(name, room)), key=len)


@pytest.mark.parametrize('name', sorted(MODULES))
def test_a_module_imports_what_its_room_may(name):
    room = room_of(name)
    up = [one for one, _ in imports(name) if one in MODULES
          and not within(one, room)
          and not any(within(one, other) for other in ARROWS[room])]
    assert not up, f'{name} of room {room} imports {", ".join(up)}'


def test_no_module_imports_itself_by_way_of_others():
    graph = {name: {one for one, _ in imports(name) if one in MODULES}
             for name in MODULES}
    order = graphlib.TopologicalSorter(graph).static_order()
    # A circle is a graphlib.CycleError that names it.
    assert set(order) == MODULES.keys()


@pytest.mark.parametrize('name', sorted(
    name for name in MODULES if within(name, f'{EXTENSION}.fit')))
def test_what_decides_reads_no_host(name):
    assert not READS & {one.split('.')[0] for one, _ in imports(name)}


def test_a_module_has_one_name_wherever_a_package_imports_it():
    names = collections.defaultdict(set)
    for name in MODULES:
        for module, alias in imports(name):
            if module in MODULES and alias and module not in OURS:
                names[name.split('.')[0], module].add(alias)
    assert {key: found for key, found in names.items()
            if len(found) > 1} == {}
