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

"""``phys_port_name``: which port of the card a netdev is.

The forms are those of net/devlink/port.c
(``__devlink_port_phys_port_name_get``); before devlink had them, drivers wrote
``vfM@pfN`` or the bare VF number.
"""

import dataclasses
import re

from os_vif_vflag.kernel import uapi

# Flavours are devlink's own names. Each expression is matched whole:
# "c1pf0vf5" belongs to an external controller (the host of a DPU), and
# "pf0vf12" is not "pf0vf1".
_FORMS = (
    (uapi.PHYSICAL, re.compile(
        r'(?:l[0-9]+)?p(?P<pf>[0-9]+)(?:s[0-9]+)?')),
    (uapi.PCI_PF, re.compile(
        r'(?:c(?P<controller>[0-9]+))?pf(?P<pf>[0-9]+)')),
    (uapi.PCI_VF, re.compile(
        r'(?:c(?P<controller>[0-9]+))?pf(?P<pf>[0-9]+)vf(?P<number>[0-9]+)')),
    (uapi.PCI_SF, re.compile(
        r'(?:c(?P<controller>[0-9]+))?pf(?P<pf>[0-9]+)sf(?P<number>[0-9]+)')),
    (uapi.PCI_VF, re.compile(r'vf(?P<number>[0-9]+)@pf(?P<pf>[0-9]+)')),
    (uapi.PCI_VF, re.compile(r'(?P<number>[0-9]+)')),
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


def parse(text: str | None) -> PortName | None:
    """Parse a ``phys_port_name``.

    :param text: None or empty where the netdev does not have one
    :returns: None for a text of no known form
    """
    for flavour, form in _FORMS:
        match = form.fullmatch(text or '')
        if match:
            numbers = {k: None if v is None else int(v)
                       for k, v in match.groupdict().items()}
            return PortName(flavour, **numbers)
    return None
