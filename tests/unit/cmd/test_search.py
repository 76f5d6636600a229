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

"""What Placement would return, for ``nova-sriov explain``."""

from keystoneauth1 import exceptions
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.cmd import search
from nova_sriov_ext.demand import model
from nova_sriov_ext.placement import names
from nova_sriov_ext.placement.api import PlacementError
from nova_sriov_ext.report import document

A, B = map(names.vf_class, 'ab')
DEMAND = model.Demand(requests=tuple(
    model.Request(specs=({'physical_network': physnet},), count=1,
                  name='port') for physnet in 'aab'))


@pytest.fixture
def placement(conf, monkeypatch):
    """:returns: list of the free VFs of each class, or an exception"""
    conf.config(query_placement=True, group='sriov')
    found = {}

    def by_host(api, name):
        if isinstance(found.get(name), Exception):
            raise found[name]
        return found.get(name, {})

    monkeypatch.setattr(search.placement_client, 'connect',
                        lambda config_files: None)
    monkeypatch.setattr(search.free_vfs, 'by_host', by_host)
    return found


def node(**report):
    return objects.ComputeNode(uuid=uuids.one, stats={
        document.STATS_KEY: document.write(document.Report(**report))})


def test_what_is_short(placement):
    placement |= {A: {uuids.one: 1, uuids.two: 5}, B: {uuids.one: 1}}
    found = search.of(DEMAND, None, pytest.fail)
    assert found.shortage(node(placement=True)) == (
        f'Placement does not return it ({A}: 2 requested, 1 free)')
    placement[A] = {uuids.one: 2}
    found = search.of(DEMAND, None, pytest.fail)
    assert found.shortage(node(placement=True)) is None


def test_a_host_that_does_not_publish(placement):
    found = search.of(DEMAND, None, pytest.fail)
    assert found.shortage(node()) == (
        f'Placement does not return it ({A}: 2 requested, 0 free; {B}: 1 '
        'requested, 0 free, the host does not publish its VFs)')


def test_nothing_is_searched_for(conf, placement):
    assert search.of(model.Demand(), None, pytest.fail) is search.NONE
    conf.config(query_placement=False, group='sriov')
    assert search.of(DEMAND, None, pytest.fail) is search.NONE
    assert search.NONE.shortage(node()) is None


@pytest.mark.parametrize('error', [
    PlacementError('it refuses'), exceptions.ConnectFailure('it refuses')])
def test_placement_does_not_answer(placement, error):
    placement[A] = error
    said = []
    assert search.of(DEMAND, None, said.append) is search.NONE
    assert said == [
        'What Placement would return is not considered: it refuses']
