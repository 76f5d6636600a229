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

"""What contributors read names what is there: modules, files, arrows."""

import itertools
import pathlib
import re

import pytest

from tests.unit import test_rooms

ROOT = pathlib.Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob('*.rst'), *ROOT.glob('doc/source/*.rst')])
MAP = (ROOT / 'doc/source/contributor.rst').read_text()
PICTURE = (ROOT / 'doc/source/rooms.dot').read_text()

# ``a.dotted.name`` of ours, or ``a/path`` that begins at the root or in a
# package of ours; options of commands and the like have neither.
DOTTED = re.compile(r'``((?:nova_sriov_ext|os_vif_vflag)(?:\.\w+)+)``')
PATH = re.compile(r'``((?:tests|doc|tools|nova_sriov_ext|os_vif_vflag)'
                  r'/[\w/.]*\w)/?``')
IN_EXTENSION = re.compile(r'``((?:fit|virt|scheduler|claim|demand|report'
                          r'|placement|cmd|conf)/[\w/.]+\.py)``')
# Rooms that every other may use are not drawn.
NOT_DRAWN = ('conf', 'exception', 'nova_compat', 'extra_specs')


def packages():
    return sorted(name for name, path in test_rooms.MODULES.items()
                  if path.name == '__init__.py')


def is_there(dotted):
    """A module, or what is defined at the top of one."""
    if dotted in test_rooms.MODULES:
        return True
    module, _, name = dotted.rpartition('.')
    return module in test_rooms.MODULES and re.search(
        rf'^(?:class |def |){name}\b',
        test_rooms.MODULES[module].read_text(), re.MULTILINE)


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_what_a_page_names_is_there(page):
    text = page.read_text()
    paths = [*PATH.findall(text), *(
        f'nova_sriov_ext/{path}' for path in IN_EXTENSION.findall(text))]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [name for name in DOTTED.findall(text) if not is_there(name)] == []


@pytest.mark.parametrize('name', packages())
def test_the_map_names_each_package(name):
    assert f'   * - ``{name}``' in MAP


@pytest.fixture
def drawn():
    return set(re.findall(r'"([\w.]+)" -> "([\w.]+)";', PICTURE))


def room_of(module, rooms):
    """The room that is drawn for a module, None for what is not drawn."""
    package, _, rest = module.partition('.')
    if rest.split('.')[0] in NOT_DRAWN or module == 'nova_sriov_ext':
        return None
    return max((room for room in rooms if test_rooms.within(module, room)),
               key=len, default=None)


def imported(rooms):
    """Pairs of drawn rooms, of which one imports the other."""
    pairs = {(room_of(name, rooms), room_of(module, rooms))
             for name in test_rooms.MODULES
             for module, _ in test_rooms.imports(name)
             if module in test_rooms.MODULES}
    return {(one, other) for one, other in pairs
            if one and other and one != other}


def reached(arrows):
    """Pairs with a way from one to the other."""
    while True:
        further = arrows | {
            (one, end) for (one, middle), (start, end)
            in itertools.product(arrows, arrows) if middle == start}
        if further == arrows:
            return arrows
        arrows = further


def test_the_picture_has_a_room_for_each_package(drawn):
    rooms = set(itertools.chain(*drawn))
    homes = {name: room_of(name, rooms) for name in packages()
             if name not in ('nova_sriov_ext', 'nova_sriov_ext.virt')
             and name.split('.')[-1] not in NOT_DRAWN}
    assert {name for name, room in homes.items() if name != room} == set()


def test_the_picture_shows_each_import_and_nothing_else(drawn):
    rooms = set(itertools.chain(*drawn))
    real = imported(rooms)
    assert real <= reached(drawn)
    assert drawn <= real


def test_the_picture_has_no_arrow_that_others_imply(drawn):
    assert {arrow for arrow in drawn
            if arrow in reached(drawn - {arrow})} == set()
