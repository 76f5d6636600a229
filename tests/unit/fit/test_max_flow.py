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

"""Units on their way to the end, against trying all sets of edges."""

import hypothesis
from hypothesis import strategies as st

from nova_sriov_ext.fit.max_flow import END
from nova_sriov_ext.fit.max_flow import Network

# Sources, what is in between, and the end; ways lead from left to right.
SOURCES, BETWEEN = 'abc', 'xyz'
EDGES = ([(start, end) for start in SOURCES for end in BETWEEN]
         + [(node, END) for node in BETWEEN] + [('x', 'y'), ('a', END)])


def network(edges):
    found = Network()
    for (start, end), capacity in edges.items():
        found.edge(start, end, capacity)
    return found


def most(edges, sent):
    """How many of these units arrive at best: as much as the narrowest cut
    lets pass.

    :param sent: string of sources, one for each unit
    """
    nodes = SOURCES + BETWEEN
    return min(
        sum(source not in left for source in sent) + sum(
            capacity for (start, end), capacity in edges.items()
            if start in left and end not in left)
        for left in ({node for bit, node in enumerate(nodes)
                      if number >> bit & 1} for number in range(64)))


@hypothesis.settings(max_examples=200)
@hypothesis.given(
    st.dictionaries(st.sampled_from(EDGES), st.integers(0, 3)),
    st.text(SOURCES, max_size=6))
def test_each_unit_arrives_that_can(edges, sent):
    """As many as the narrowest place lets through, and those that were sent
    first: none is stopped for one behind it."""
    found = network(edges)
    arrived = ''
    for source in sent:
        possible = most(edges, arrived + source) == len(arrived) + 1
        assert found.send(source) is possible
        arrived += source * possible
    flows = {edge: found.flow(*edge) for edge in EDGES}
    assert all(0 <= flow <= edges.get(edge, 0)
               for edge, flow in flows.items())
    for node in SOURCES + BETWEEN:
        out, into = (sum(flow for edge, flow in flows.items()
                         if edge[side] == node) for side in (0, 1))
        assert out - into == arrived.count(node)


def test_a_unit_is_led_another_way_for_the_next():
    found = network({('a', 'x'): 1, ('a', 'y'): 1, ('b', 'x'): 1,
                     ('x', END): 1, ('y', END): 1})
    assert found.send('a') and found.flow('a', 'x') == 1
    assert found.send('b')
    assert [found.flow(*edge) for edge in (
        ('a', 'x'), ('a', 'y'), ('b', 'x'))] == [0, 1, 1]
    assert found.send('a') is found.send('b') is False


def test_so_are_several():
    found = network({('a', 'x'): 2, ('a', 'y'): 2, ('b', 'x'): 2,
                     ('x', END): 2, ('y', END): 2})
    assert [found.send(source) for source in 'aabba'] == [
        True, True, True, True, False]
    assert [found.flow(*edge) for edge in (
        ('a', 'x'), ('a', 'y'), ('b', 'x'))] == [0, 2, 2]


def test_the_way_of_fewest_edges_is_taken():
    """So that pools are not used where a device comes straight."""
    found = network({('a', 'x'): 1, ('x', 'y'): 1, ('y', END): 1,
                     ('a', 'z'): 1, ('z', END): 1})
    assert found.send('a')
    assert (found.flow('a', 'z'), found.flow('a', 'x')) == (1, 0)


def test_where_no_edge_is_nothing_flows():
    found = network({('a', END): 0})
    assert found.send('a') is found.send('unknown') is False
    assert found.flow('a', END) == found.flow('unknown', 'a') == 0
