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

"""Whatever hosts, ports and flavors hold: no exception, and a verdict."""

import json
import logging
import random

from nova import objects
from nova.scheduler import host_manager
from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import filters
from tests.unit import amount
from tests.unit.scheduler import pools as given

INPUTS = amount.cases(100000)
BATCH = 250
PARTS = 4

PHYSNETS = ('a', 'A', 'net 1', 'физика', 'x' * 255, '\udcff', '', '{0}', None)
JUNK = (None, True, False, 0, 1, -1, 2 ** 70, 0.5, float('nan'), '', '0', '-3',
        'yes', 'é', '{x}', '%s', b'\xff', [], ['a'], {}, {'a': {}}, object())
PF = '0000:03:00.0'
SOUND = {
    'vendor_id': ('15b3',), 'product_id': ('101e',), 'numa_node': (None, 0),
    'dev_type': ('type-VF', 'type-VF', 'type-PF', 'vdpa'),
    'physical_network': PHYSNETS, 'remote_managed': ('false', 'true'),
    'address': (PF, '0000:03:00.1'), 'count': (0, 1, 2, 3),
    'rp_uuid': ('rp1', 'rp2'), 'eswitch_mode': ('legacy', 'switchdev'),
}
ROW = {'pf': (PF, 'x'), 'physnet': PHYSNETS[:-1], 'vfs': (8, 0, -1),
       'mode': ('legacy', 'switchdev', 'magic'), 'bond': (None, 'bond0'),
       'lag': ('active', 'degraded', 'molten')}


def draw(rng, table):
    """A dict of which a key may be missing, another one too many, a value of
    any type."""
    found = {key: rng.choice(JUNK if rng.randrange(12) == 0 else values)
             for key, values in table.items() if rng.randrange(15)}
    if rng.randrange(8) == 0:
        found[rng.choice((*JUNK[:5], 'extra', 'devices'))] = rng.choice(JUNK)
    return found


def pools(rng):
    if rng.randrange(25) == 0:
        return rng.choice(JUNK)
    return [draw(rng, SOUND) if rng.randrange(25) else rng.choice(JUNK)
            for _ in range(rng.randint(0, 5))]


def stats(rng):
    """ComputeNode.stats: of any version, cut off, or of something else."""
    if rng.randrange(25) == 0:
        return rng.choice(JUNK)
    text = json.dumps({
        'version': rng.choice((1, 1, 1, 2, '1', None)),
        'pfs': [draw(rng, ROW) for _ in range(rng.randint(0, 3))],
        'claim': rng.choice((None, None, 'assign', 7)),
        'placement': rng.choice((True, False, 'yes'))},
        default=str)
    cut = rng.randrange(len(text)) if rng.randrange(5) == 0 else len(text)
    return {document.STATS_KEY: rng.choice(JUNK) if rng.randrange(25) == 0
            else text[:cut]}


def host(rng, number):
    state = host_manager.HostState(f'h{number}', 'h', uuids.cell)
    state.uuid = f'uuid{number}'
    state.pci_stats = given.pci_stats([]) if rng.randrange(25) else None
    if state.pci_stats is not None:
        state.pci_stats.pools = pools(rng)
    state.stats = stats(rng)
    state.allocation_candidates = rng.choice((
        [], [{'allocations': {}, 'mappings': {}}],
        [{'allocations': {}, 'mappings': {f'{uuids.r1}-0': ['rp1']}},
         {'allocations': {}, 'mappings': {f'{uuids.r1}-0': ['rp2']}}],
        None))
    return state


def request(rng):
    ports = [given.port_request(
        f'port{n}', physical_network=rng.choice(PHYSNETS),
        **({'dev_type': 'type-PF'} if rng.randrange(9) == 0 else {}),
        **({'trusted': '{'} if rng.randrange(9) == 0 else {}))
        for n in range(rng.randint(0, 3))]
    aliases = [objects.InstancePCIRequest(
        count=rng.choice((-1, 0, 1, 10 ** 9)), alias_name='a1',
        request_id=uuids.r1,
        spec=rng.choice(([], [{}], [{'vendor_id': '15b3'}])))
        for _ in range(rng.choice((0, 0, 1)))]
    specs = {name: rng.choice(('spread', 'pack', 'reject', 'true', 'é', ''))
             for name in (model.PF_POLICY, model.LAG_POLICY,
                          model.IGNORE_RESERVE) if rng.randrange(2)}
    return objects.RequestSpec(
        instance_uuid=uuidutils.generate_uuid(), scheduler_hints={},
        flavor=objects.Flavor(extra_specs=specs),
        pci_requests=objects.InstancePCIRequests(requests=aliases + ports))


@pytest.fixture
def errors():
    """The records of ERROR and above of the verdict."""
    found = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = found.append
    logger = logging.getLogger('nova_sriov_ext')
    logger.addHandler(handler)
    logger.propagate = False
    yield found
    logger.propagate = True
    logger.removeHandler(handler)


@pytest.mark.parametrize('part', range(PARTS))
def test_random_input_gets_a_verdict_for_each_host(
        conf, neutron, errors, part):
    """A host may hold anything but candidates that Nova would not make: its
    VFs are then not claimed in Placement."""
    conf.config(vf_reserve={'a': '1', 'net 1': '50%'}, group='sriov')
    for case in range(part, INPUTS // BATCH, PARTS):
        rng = random.Random(case)
        conf.config(
            unknown_mode=rng.choice(('accept', 'reject')),
            plain_port_mode=rng.choice(('any', 'any', 'legacy')),
            pf_policy=rng.choice(('pack', 'pack', 'spread')), group='sriov')
        neutron.ports = {f'port{n}': {
            'id': f'port{n}', 'hardware_offload_type': rng.choice(
                (*JUNK, 'switchdev')), 'binding:profile': rng.choice(JUNK)}
            for n in range(rng.randint(0, 3))}
        hosts = [host(rng, n) for n in range(BATCH)]
        passed = filters.SriovCapacityFilter().filter_all(hosts, request(rng))
        assert set(map(id, passed)) <= set(map(id, hosts))
    unjudged = [record.getMessage() for record in errors
                if 'in Placement' not in record.msg]
    assert not unjudged, unjudged[:3]
