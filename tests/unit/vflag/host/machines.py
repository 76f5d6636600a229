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

"""Hosts for hypothesis: one to three cards of every kind, with bonds."""

from hypothesis import strategies as st

from tests.sim import naming
from tests.sim.card import BOND_MODES
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

_DRIVERS = {'ice': ('ice', 'iavf'), 'bnxt': ('bnxt_en', 'bnxt_en'),
            'nfp': ('nfp', 'nfp_netvf')}
_BUSES = (0x03, 0x41, 0x81)


@st.composite
def _pfs(draw, card, layout):
    """:param layout: 'slot': functions of one slot; 'buses': ports in slots
        of their own, each function 0"""
    for port in range(draw(st.integers(1, 4), label='PFs')):
        bus = _BUSES[card] + (port if layout == 'buses' else 0)
        function = port if layout == 'slot' else 0
        yield Pf(
            f'0000:{bus:02x}:00.{function}', f'c{card}p{port}',
            mode=draw(st.sampled_from(('switchdev', 'switchdev', 'legacy'))),
            vfs=draw(st.integers(0, 3)), total_vfs=4,
            link=draw(st.sampled_from(('up', 'down'))),
            external_vfs=draw(st.sampled_from((0, 0, 2))),
            subfunctions=draw(st.sampled_from((0, 0, 1))),
            numa_node=draw(st.sampled_from((-1, 0, 1))))


@st.composite
def _card(draw, index):
    habit = draw(st.sampled_from(sorted(naming.NAMINGS)))
    driver, vf_driver = _DRIVERS.get(
        habit.partition('-')[0], ('mlx5_core', 'mlx5_core'))
    layouts = (('slot',) if driver in naming.BY_FUNCTION
               else ('slot', 'buses'))
    pfs = tuple(draw(_pfs(index, draw(st.sampled_from(layouts)))))
    bond = draw(st.none() | st.builds(
        Bond, st.just(f'bond{index}'), st.sampled_from(sorted(BOND_MODES)),
        st.just(tuple(pf.netdev for pf in pfs[:2])),
        foreign=st.sampled_from(((), (f'eth{index}',)))))
    return Card(
        pfs, naming=habit, driver=driver, vf_driver=vf_driver, bond=bond,
        representors_under_pf=draw(st.booleans()),
        switch_id=f'e41d2d0300a1b2c{index}',
        lag=draw(st.sampled_from((
            None, LagState(), LagState('disabled'), LagState(type='roce')))))


@st.composite
def cards(draw):
    """:returns: list of tests.sim.card.Card that fit into one machine"""
    return [draw(_card(index)) for index in range(draw(st.integers(1, 3)))]
