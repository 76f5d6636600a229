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

"""What a host has, as immutable objects."""

import dataclasses

from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.sysfs import Unread

ACTIVE = 'active'
DEGRADED = 'degraded'
INACTIVE = 'inactive'
NONE = 'none'
# The hardware forwards for the bond as a whole.
OFFLOADED = frozenset((ACTIVE, DEGRADED))


@dataclasses.dataclass(frozen=True)
class VF:
    """A virtual function.

    :ivar address: PCI address
    :ivar number: as in ``virtfn<number>``
    :ivar driver: name of the driver it is bound to, None when unbound
    :ivar netdev: name of its netdev on this host, None without one
    :ivar representor: name of its representor, None without one or when
        more than one netdev may be it
    """

    address: str
    number: int
    driver: str | None = None
    netdev: str | None = None
    representor: str | None = None


@dataclasses.dataclass(frozen=True)
class PF:
    """A physical function that can have VFs.

    :ivar address: PCI address
    :ivar uplink: name of its own netdev, None without one
    :ivar vendor: PCI vendor id, four hexadecimal digits, or None
    :ivar product: PCI device id, likewise
    :ivar vf_product: PCI device id of its VFs, likewise
    :ivar numa_node: None when the machine does not state it
    :ivar mode: eswitch mode, a value of uapi.ESWITCH_MODES
    :ivar mode_inferred: whether devlink did not report the mode (it does not
        without CAP_NET_ADMIN), so that it was concluded from representors;
        a PF without VFs has none in either mode
    :ivar total_vfs: VFs that it can have
    :ivar num_vfs: VFs that it is configured to have; len(vfs) differs while
        they are being made or taken away
    :ivar driver: name of its driver, None when unbound
    :ivar up: whether the uplink has a link
    :ivar link_type: ``ethernet`` or ``infiniband``, None without a netdev
    :ivar switch_id: of its eswitch, None without one
    :ivar bond: name of the bond that holds the uplink, or None
    """

    address: str
    uplink: str | None = None
    vendor: str | None = None
    product: str | None = None
    vf_product: str | None = None
    numa_node: int | None = None
    mode: str = uapi.LEGACY
    mode_inferred: bool = False
    total_vfs: int = 0
    num_vfs: int = 0
    vfs: tuple[VF, ...] = ()
    driver: str | None = None
    up: bool = False
    link_type: str | None = None
    switch_id: str | None = None
    bond: str | None = None

    @property
    def slot(self) -> str:
        """PCI address without the function: ``0000:03:00``"""
        return self.address.rpartition('.')[0]


@dataclasses.dataclass(frozen=True)
class Lag:
    """Whether the hardware carries on when a link of a bond fails.

    :ivar state: ACTIVE (offloaded, all links up), DEGRADED (offloaded, a
        link down), INACTIVE (bonded but not offloaded) or NONE (no bond, or
        none with an SR-IOV PF)
    :ivar reason: why it is not ACTIVE, '' where it is
    :ivar inferred: whether the driver did not report the state, so that it was
        concluded from bond, eswitch modes and VFs
    """

    state: str = NONE
    reason: str = ''
    inferred: bool = False


@dataclasses.dataclass(frozen=True)
class Member:
    """:ivar name: of the netdev; :ivar up: whether the bond sees a link"""

    name: str
    up: bool


@dataclasses.dataclass(frozen=True)
class Bond:
    """A bond.

    :ivar name: of its netdev
    :ivar mode: a value of uapi.BOND_MODES, None when it cannot be read
    :ivar members: in the order of the bond
    :ivar active: name of the member in use with active-backup, else None
    :ivar up: whether the bond has a link
    """

    name: str
    mode: str | None = None
    members: tuple[Member, ...] = ()
    active: str | None = None
    up: bool = False
    lag: Lag = Lag()


@dataclasses.dataclass(frozen=True)
class HostSnapshot:
    """One picture of a host.

    :ivar pfs: by address
    :ivar bonds: by name
    :ivar unread: what could not be read
    """

    pfs: tuple[PF, ...] = ()
    bonds: tuple[Bond, ...] = ()
    unread: tuple[Unread, ...] = ()

    def lag_of(self, pf: PF) -> Lag:
        """Of the bond that holds a PF; NONE without one."""
        return next((b.lag for b in self.bonds if b.name == pf.bond), Lag())
