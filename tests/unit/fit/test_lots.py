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

"""Which servers and which hosts sums can judge, and how little they read."""

import dataclasses

import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import lots
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import sums
from nova_sriov_ext.report import document
from tests.unit.fit.small_clouds import pf
from tests.unit.fit.test_sums import SWITCHDEV
from tests.unit.fit.test_sums import of_sums
from tests.unit.fit.test_sums import port
from tests.unit.scheduler import pools as given

VF = given.pool(2, address=pf(0), physical_network='a')
NOT_READ = object()


@pytest.mark.parametrize('pools, ports, policy', [
    ([VF], [port('a'), port('a')], model.PACK),
    ([VF, VF | {'physical_network': 'b'}],
     [port('a'), port('b'), port('a')], model.PACK),
    ([VF, VF | {'address': pf(1)}], [port('a'), port('a')], model.SPREAD)])
def test_pools_are_read_until_all_ports_are_served(pools, ports, policy):
    """Most hosts of a cloud serve most servers by their first pools."""
    report = document.Report(claim='assign')
    demand = model.Demand(tuple(ports), pf_policy=policy)
    assert of_sums([*pools, NOT_READ], report, demand) is None
    assert of_sums([*pools[:-1], NOT_READ], report, demand) == 'odd'


each_claim = pytest.mark.parametrize('claim', [None, 'assign'])


@each_claim
def test_pools_are_read_while_a_port_has_no_device(claim):
    report = document.Report(claim=claim)
    demand = model.Demand((port('a'), port('b'), port('a')))
    of_b = VF | {'physical_network': 'b'}
    assert of_sums([VF, of_b, NOT_READ], report, demand) is None
    assert of_sums([VF, NOT_READ, of_b], report, demand) == 'odd'


@each_claim
def test_empty_pools_are_not_looked_at(claim):
    empty = {'count': 0, 'physical_network': 'a'}
    assert of_sums([empty, VF], document.Report(claim=claim),
                   model.Demand((port('a'),))) is None


@each_claim
@pytest.mark.parametrize('count', [-1, True, 2.0, '2'])
def test_no_number_of_devices(claim, count):
    assert of_sums([VF | {'count': count}], document.Report(claim=claim),
                   model.Demand((port('a'),))) == 'odd'


@pytest.mark.parametrize('tags', [
    {'remote_managed': 'true'}, {'dev_type': 'vdpa'},
    {'dev_type': 'type-PF', 'remote_managed': 'true'}])
def test_devices_that_no_port_is_given_are_nothing_odd(tags):
    report = document.Report(claim='assign')
    assert of_sums([VF | tags], report, model.Demand((port('a'),))) == (
        reasons.NO_MATCH)


def test_a_pf_suits_what_any_of_its_devices_suit():
    """The PF whose mode tags differ has to serve the port that requires
    legacy mode."""
    legacy = frozenset(('legacy',))
    pools = [VF | {'eswitch_mode': 'legacy'},
             VF | {'eswitch_mode': 'switchdev'},
             VF | {'eswitch_mode': 'switchdev', 'address': pf(1)}]
    assert of_sums(pools, document.Report(claim='assign'), model.Demand(
        (port('a', legacy), port('a', SWITCHDEV)),
        pf_policy=model.SPREAD)) is None


PORT = port('a')
SPEC = PORT.specs[0]


@pytest.mark.parametrize('changes', [
    {'port': None}, {'count': 2}, {'rp_uuids': ('rp1',)},
    {'bandwidth': 'group'}, {'specs': (SPEC, SPEC)},
    {'specs': ({**SPEC, 'rack': '7'},)}, {'specs': ({**SPEC, 'trusted': 1},)},
    {'specs': ({**SPEC, 'physical_network': ''},)},
    {'specs': ({**SPEC, 'remote_managed': 'True'},)}])
def test_requests_that_are_not_alike(changes):
    other = dataclasses.replace(PORT, **changes)
    assert sums.of(model.Demand((PORT, PORT))) is not None
    assert sums.of(model.Demand((PORT, other))) is None
    assert sums.of(model.Demand((other,))) is None


@pytest.mark.parametrize('classes', [4, 5])
def test_ports_of_few_classes_can_be_judged(classes):
    ports = tuple(port('a', frozenset((f'mode{number}',)))
                  for number in range(classes))
    assert bool(lots.of(model.Demand(ports))) is (classes == 4)


def test_devices_that_suit_a_port_are_counted():
    report = document.Report((document.Row(pf(1), 'b', 8, 'legacy'),))
    assert sums.of(model.Demand((PORT,))).suiting(
        [VF, VF | {'address': pf(1), 'physical_network': 'b'}], report) == 2


def test_devices_of_a_tunnelled_network_have_no_physnet_at_all():
    """Nova gives them to no such port; what made them is unknown."""
    assert of_sums([VF | {'physical_network': 0}], document.Report(
        claim='assign'), model.Demand((port(None),))) == 'odd'


def test_the_reason_of_a_refusal_by_novas_claim():
    assert of_sums([VF], document.Report(), model.Demand(3 * (PORT,))) == (
        reasons.TOO_FEW)
