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


"""A network interface that a server would have, as options say it."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

# Nova's VNIC_TYPES_SRIOV; Nova is imported when a command runs.
VNIC_TYPES = ('direct', 'direct-physical', 'macvtap', 'remote-managed',
              'vdpa', 'virtio-forwarder')


@dataclasses.dataclass(frozen=True)
class Nic:
    """:ivar port: one that exists, by id or name
    :ivar network: of one that need not exist, by id or name
    :ivar offload: Neutron's ``hardware_offload_type`` of such a port
    """

    port: str | None = None
    network: str | None = None
    vnic_type: str = 'direct'
    offload: str | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """The Nics are in ``nics``, in their order."""
    parser.set_defaults(nics=[])
    parser.add_argument(
        '--port', metavar='PORT', action=_Begin,
        help='Neutron port like the one that each server would have, by id '
             'or name; may be given more than once')
    parser.add_argument(
        '--network', metavar='NETWORK', action=_Begin,
        help='network on which each server would have a port, by id or name; '
             'no port needs to exist; may be given more than once')
    parser.add_argument(
        '--vnic-type', choices=VNIC_TYPES, action=_Refine,
        help='of the port on the network before it (default: direct)')
    parser.add_argument(
        '--hardware-offload-type', dest='offload', choices=('switchdev',),
        action=_Refine, help='of the port on the network before it')


class _Begin(argparse.Action):

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace,
                 values: Any,
                 option_string: str | None = None) -> None:
        namespace.nics = [*namespace.nics, dataclasses.replace(
            Nic(), **{self.dest: values})]


class _Refine(argparse.Action):

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace,
                 values: Any,
                 option_string: str | None = None) -> None:
        if not (namespace.nics and namespace.nics[-1].network):
            parser.error(f'{option_string} belongs after the --network that '
                         'it is about')
        *before, last = namespace.nics
        namespace.nics = [*before, dataclasses.replace(
            last, **{self.dest: values})]
