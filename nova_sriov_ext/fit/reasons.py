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

"""Why a host is refused: a closed list, each with its numbers."""

import dataclasses

from nova_sriov_ext.demand import model

NO_PCI = 'no_pci_devices'
NO_FREE = 'none_free'
NO_MATCH = 'no_matching_device'
TOO_FEW = 'too_few_free'
EXCLUDED = 'pf_or_vf'
TAKEN = 'taken_before'
NOT_PLACED = 'not_in_placement'
BANDWIDTH = 'wrong_pf'
MODE = 'wrong_mode'
LAG = 'unhealthy_lag'
CHOICE = 'wrong_choice'
SAME_PF = 'same_pf'
RESERVED = 'reserved'
NO_ASSIGNMENT = 'no_assignment'
PORTS_UNREAD = 'ports_unread'


@dataclasses.dataclass(frozen=True)
class Misfit:
    """Why a host cannot serve a server.

    :ivar reason: one of the constants of this module
    :ivar subject: the physnet, or what else was requested
    :ivar unit: ``VFs``, ``PFs`` or ``devices``
    :ivar requested: devices of it, up to and with the request that failed
    :ivar free: devices of it that are free and suit
    :ivar total: VFs of it, None where the host does not report it
    :ivar others: further free devices of it, which do not suit
    :ivar because: what these others are, and what was requested; or what they
        lack
    :ivar request: name of the request that failed
    """

    reason: str
    subject: str = ''
    unit: str = 'devices'
    requested: int = 0
    free: int = 0
    total: int | None = None
    others: int = 0
    because: str = ''
    request: str = ''

    def __str__(self) -> str:
        return WORDS[self.reason].format(
            numbers=self._numbers(), **dataclasses.asdict(self))

    def counted(self) -> str:
        """:returns: for example ``1 VF`` or ``2 VFs``"""
        unit = self.unit[:-1] if self.requested == 1 else self.unit
        return f'{self.requested} {unit}'

    def _numbers(self) -> str:
        """``2 VFs requested, 1 free of 16; 3 more are legacy, …``"""
        of = '' if self.total is None else f' of {self.total}'
        more = f'; {self.others} more are {self.because}' * bool(self.because)
        return (f'{self.subject}: {self.counted()} requested, '
                f'{self.free or "none"} free{of}{more}')


WORDS = {
    NO_PCI: 'the host reports no free PCI devices',
    NO_FREE: '{numbers} ({request})',
    NO_MATCH: '{subject}: {others} free, {because} ({request})',
    TOO_FEW: '{numbers} ({request})',
    EXCLUDED: '{numbers}, but a PF and its VFs exclude each other ({request})',
    TAKEN: '{numbers}, but earlier requests of the server take those that '
           'suit {request}',
    NOT_PLACED: 'the devices that Placement chose for {request} are not '
                'free',
    BANDWIDTH: '{subject}: {others} free, but none of the PF where Placement '
               'has the bandwidth of {request}',
    MODE: '{numbers} ({request})',
    LAG: '{numbers} ({request})',
    CHOICE: '{numbers}, and the claim takes one of those ({request})',
    SAME_PF: '{subject}: {requested} VFs requested from different PFs, they '
             'would come from {free}',
    RESERVED: '{numbers}, {others} reserved',
    NO_ASSIGNMENT: 'no choice of devices serves all at once: {request}',
    PORTS_UNREAD: 'Neutron does not answer what the ports request',
}


def same_pf(physnet: str | None, requested: int, pfs: int) -> Misfit:
    """:param physnet: None on a tunnelled network
    :param requested: VFs, each from another PF
    :param pfs: how many PFs would give them
    """
    return Misfit(SAME_PF, subject=physnet or model.NO_PHYSNET,
                  requested=requested, free=pfs)
