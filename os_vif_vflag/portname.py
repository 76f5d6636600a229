"""``phys_port_name``: what a netdev says it is.

The forms are those of net/devlink/port.c
(``__devlink_port_phys_port_name_get``); before devlink had them, drivers wrote
``vfM@pfN`` or the bare VF number.
"""

import dataclasses
import re

PHYSICAL = 'physical'
PF = 'pcipf'
VF = 'pcivf'
SF = 'pcisf'

# Flavours are devlink's own names. Each expression is matched whole:
# "c1pf0vf5" belongs to an external controller (the host of a DPU), and
# "pf0vf12" is not "pf0vf1".
_FORMS = (
    (PHYSICAL, re.compile(r'(?:l\d+)?p(?P<pf>\d+)(?:s\d+)?')),
    (PF, re.compile(r'(?:c(?P<controller>\d+))?pf(?P<pf>\d+)')),
    (VF, re.compile(
        r'(?:c(?P<controller>\d+))?pf(?P<pf>\d+)vf(?P<number>\d+)')),
    (SF, re.compile(
        r'(?:c(?P<controller>\d+))?pf(?P<pf>\d+)sf(?P<number>\d+)')),
    (VF, re.compile(r'vf(?P<number>\d+)@pf(?P<pf>\d+)')),
    (VF, re.compile(r'(?P<number>\d+)')),
)


@dataclasses.dataclass(frozen=True)
class PortName:
    """A parsed ``phys_port_name``.

    :ivar flavour: devlink's flavour
    :ivar pf: index of the card's port, None where the form has none. It is
        not the PCI function: the ports of a card may sit in two slots.
    :ivar number: of the VF or SF, None for others
    :ivar controller: number of the external controller, None for the host
    """

    flavour: str
    pf: int | None = None
    number: int | None = None
    controller: int | None = None


def parse(text):
    """Parse a ``phys_port_name``.

    :param text: str, or None where the netdev has none
    :returns: PortName, or None when the text has no known form
    """
    for flavour, form in _FORMS:
        match = form.fullmatch(text or '')
        if match:
            numbers = {k: None if v is None else int(v)
                       for k, v in match.groupdict().items()}
            return PortName(flavour, **numbers)
    return None
