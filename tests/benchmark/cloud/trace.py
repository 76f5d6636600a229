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

"""The requests of a day, drawn by a seed."""

import dataclasses
import itertools
import random

from nova import context
from nova import objects
from oslo_utils import uuidutils

from tests.benchmark.cloud import hosts

objects.register_all()


@dataclasses.dataclass(frozen=True)
class Kind:
    """What servers of one kind request.

    :ivar share: how many of a hundred requests are of this kind
    :ivar ports: physnet and mode (None: either) of each
    :ivar spread: whether its VFs have to be of different PFs
    :ivar aliases: VFs by an alias of the flavor, of any physnet
    """

    name: str
    share: int
    ports: tuple[tuple[str, str | None], ...] = ()
    spread: bool = False
    aliases: int = 0
    servers: int = 1


NETS = 'physnet1', 'physnet2'

KINDS = (
    Kind('no ports', 30),
    Kind('plain', 20, ((NETS[0], None),)),
    Kind('switchdev', 20, ((NETS[0], hosts.SWITCHDEV),)),
    Kind('spread', 8, ((NETS[0], hosts.SWITCHDEV),) * 2, spread=True),
    Kind('two physnets', 8, tuple((net, hosts.SWITCHDEV) for net in NETS)),
    Kind('ten servers', 2, aliases=1, servers=10),
    Kind('ten servers without VFs', 2, servers=10),
    Kind('unknown physnet', 5, (('physnet9', None),)),
    Kind('too many VFs', 5, ((NETS[0], None),) * 33),
)


@dataclasses.dataclass(frozen=True)
class Request:
    """:ivar uuids: of its servers"""

    kind: Kind
    spec: objects.RequestSpec
    uuids: list[str]


def requests(number, seed, network):
    """:param network: gets the ports
    :returns: iterator of Request
    """
    rng = random.Random(seed)
    # Of each kind its share, whatever the number.
    hundred = list(itertools.chain.from_iterable(
        [kind] * kind.share for kind in KINDS))
    for begin in range(0, number, len(hundred)):
        rng.shuffle(hundred)
        for kind in hundred[:number - begin]:
            yield _request(kind, network)


def _request(kind, network):
    uuids = [uuidutils.generate_uuid() for _ in range(kind.servers)]
    spec = objects.RequestSpec.from_components(
        context.RequestContext('user', 'project', is_admin=False), uuids[0],
        objects.ImageMeta.from_dict({'properties': {}}), _flavor(kind), None,
        objects.InstancePCIRequests(
            instance_uuid=uuids[0], requests=[*_aliases(kind), *(
                _port(network, *port) for port in kind.ports)]),
        {}, None, None)
    spec.num_instances = kind.servers
    return Request(kind, spec, uuids)


def _flavor(kind):
    return objects.Flavor(
        id=1, flavorid='1', name=kind.name, vcpus=1, memory_mb=1024,
        root_gb=10, ephemeral_gb=0, swap=0, rxtx_factor=1.0, vcpu_weight=None,
        is_public=True, disabled=False, description=None,
        extra_specs={'sriov:pf_policy': 'spread'} if kind.spread else {})


def _aliases(kind):
    return [_pci_request(alias_name='vf', requester_id=None, spec=[{
        'vendor_id': hosts.VENDOR, 'product_id': hosts.PRODUCT,
        'dev_type': 'type-VF'}]) for _ in range(kind.aliases)]


def _port(network, physnet, mode):
    """As nova.network.neutron makes it."""
    return _pci_request(
        alias_name=None, requester_id=network.create_port(mode),
        spec=[{'physical_network': physnet, 'remote_managed': 'False'}])


def _pci_request(**fields):
    return objects.InstancePCIRequest(
        count=1, request_id=uuidutils.generate_uuid(), **fields)
