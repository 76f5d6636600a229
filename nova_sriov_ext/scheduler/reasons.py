"""Why a host is refused: a closed list, each with its numbers."""

import dataclasses

NO_PCI = 'no_pci_devices'
NO_FREE = 'none_free'
NO_MATCH = 'no_matching_device'
TOO_FEW = 'too_few_free'
EXCLUDED = 'pf_and_vf'
NOT_PLACED = 'not_in_placement'
NO_ASSIGNMENT = 'no_assignment'
MODE = 'wrong_mode'
LAG = 'unhealthy_lag'
SAME_PF = 'same_pf'
RESERVED = 'reserved'
PORTS_UNREAD = 'ports_unread'


@dataclasses.dataclass(frozen=True)
class Misfit:
    """Why a host cannot serve a server.

    :ivar reason: one of the constants of this module
    :ivar subject: the physnet, or what else was asked for
    :ivar asked: devices asked of it, up to and with the request that failed
    :ivar free: devices of it that are free and suit
    :ivar total: devices of it, None where the host does not report it
    :ivar request: name of the request that failed
    :ivar others: further free devices of it that do not suit
    :ivar because: what these others are, against what was asked
    """

    reason: str
    subject: str = ''
    asked: int = 0
    free: int = 0
    total: int | None = None
    request: str = ''
    others: int = 0
    because: str = ''

    def __str__(self):
        of = '' if self.total is None else f' of {self.total}'
        more = (f'; {self.others} more are {self.because}' if self.others
                else '')
        return WORDS[self.reason].format(
            of=of, more=more, **dataclasses.asdict(self))


WORDS = {
    NO_PCI: 'the host reports no free PCI devices',
    NO_FREE: '{subject}: {asked} asked, none free{of} ({request})',
    NO_MATCH: '{subject}: the host has free ones, but none as asked by '
              '{request}',
    TOO_FEW: '{subject}: {asked} asked, {free} free{of} ({request})',
    EXCLUDED: '{subject}: {asked} asked, {free} free{of}, but a PF and its '
              'VFs cannot be taken both ({request})',
    NOT_PLACED: 'Placement allocates devices for {request} that are not '
                'free any more',
    NO_ASSIGNMENT: '{subject}: {asked} asked, {free} free{of}, but no choice '
                   'of devices serves all requests of the server',
    MODE: '{subject}: {asked} asked, {free} free{of}{more} ({request})',
    LAG: '{subject}: {asked} asked, {free} free{of}{more} ({request})',
    SAME_PF: '{subject}: {asked} asked from different PFs, {free} PFs would '
             'give them',
    RESERVED: '{subject}: {asked} asked, {free} free{of}, of which {others} '
              'are reserved',
    PORTS_UNREAD: 'Neutron did not tell what the ports ask for',
}
