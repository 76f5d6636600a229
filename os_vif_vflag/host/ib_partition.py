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

"""InfiniBand GUIDs and partitions of VFs that the host maps: mlx4's iov.

/sys/class/infiniband/<device>/iov, drivers/infiniband/hw/mlx4/sysfs.c and
Documentation/ABI/stable/sysfs-class-infiniband. mlx4 has no netlink for
GUIDs (no set_vf_guid in its ib_device_ops). Other drivers have no iov: GUIDs
go through the uplink (vf_settings.py), and the subnet manager gives a GUID its
partitions.
"""

from collections.abc import Mapping
import contextlib
import dataclasses

from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from os_vif_vflag.kernel.sysfs import Sysfs
from os_vif_vflag.privileged import calls
from os_vif_vflag.privileged import daemon

_DEVICES = ('bus', 'pci', 'devices')
_INFINIBAND = ('class', 'infiniband')
# The highest bit of a partition key: whether it is a full member.
_PARTITION = 0x7fff
# The one that every port is a member of, be it a limited one.
DEFAULT = 0x7fff
_NONE = 'none'
# «Delete this entry» (store_admin_alias_guid)
_NO_GUID = 'f' * 16
# Path below ``iov`` → text of the file
Texts = dict[tuple[str, ...], str]


@dataclasses.dataclass(frozen=True)
class Iov:
    """What mlx4 lets the host set of one VF.

    :ivar device: name of the PF's InfiniBand device
    :ivar vf: PCI address of the VF
    :ivar folder: of the VF
    :ivar port: of the device, a number as text. Of a VF with both ports of a
        card it is the first.
    """

    sysfs: Sysfs
    device: str
    vf: str
    folder: str
    port: str

    def member(self, partition: int, guid: str) -> Texts:
        """A VF in a partition; the default one is beside it, to reach the
        subnet manager.

        :param partition: 15 bits
        :param guid: eight bytes with colons
        :raises errors.NoPartition: the port is not in it
        :raises errors.IovRefused: see _settings
        """
        table = self._table()
        if partition not in table:
            raise errors.NoPartition(
                partition=f'{partition:#06x}', vf=self.vf, ib_port=self.port,
                device=self.device)
        beside = _NONE if partition == DEFAULT else table.get(DEFAULT, _NONE)
        return self._settings(_text(guid), table[partition], beside)

    def outsider(self) -> Texts:
        """A VF without GUID and partition.

        :raises errors.IovRefused: see _settings
        """
        return self._settings(_NO_GUID, _NONE, _NONE)

    def has(self, guid: str) -> bool:
        """:param guid: eight bytes with colons
        :returns: whether it is the VF's
        """
        place = self._guid_place()
        return place is not None and self._read(*place) == _text(guid)

    def apply(self, wanted: Mapping[tuple[str, ...], str]) -> Texts:
        """Set what is not so yet; all or nothing.

        :returns: what the settings that changed were before, those that
            could be read
        :raises errors.IovRefused: what had been set is put back
        :raises exception.PrivilegesMissing
        """
        before: Texts = {}
        try:
            for place, text in wanted.items():
                now = self._read(*place)
                if now != text:
                    daemon.call(self.device, calls.write_iov,
                                self.device, place, text)
                    if now is not None:
                        before[place] = now
        except OSError as e:
            with contextlib.suppress(errors.IovRefused):
                self.apply(before)
            raise errors.IovRefused(
                file='/'.join(place), device=self.device, value=text,
                vf=self.vf, error=e.strerror) from None
        return before

    def _settings(self, guid: str, *indexes: str) -> Texts:
        """:raises errors.IovRefused: the place of the GUID is not known"""
        folder = (self.folder, 'ports', self.port, 'pkey_idx')
        place = self._guid_place()
        if place is None:
            raise errors.IovRefused(
                file=f'ports/{self.port}/admin_guids', device=self.device,
                value=guid, vf=self.vf,
                error='which one is the VF\'s cannot be read')
        return {place: guid} | {
            (*folder, str(place)): index
            for place, index in enumerate(indexes)}

    def _guid_place(self) -> tuple[str, ...] | None:
        number = self._read(self.folder, 'ports', self.port, 'gid_idx', '0')
        return ('ports', self.port, 'admin_guids', number) if number else None

    def _table(self) -> dict[int, str]:
        """Partition → its first index in the port's table."""
        folder = (*_INFINIBAND, self.device, 'iov', 'ports', self.port,
                  'pkeys')
        found: dict[int, str] = {}
        for index in sorted(self.sysfs.names(*folder), key=int):
            key = self.sysfs.number(*folder, index, base=16)
            if key:
                found.setdefault(key & _PARTITION, index)
        return found

    def _read(self, *parts: str) -> str | None:
        return self.sysfs.read(*_INFINIBAND, self.device, 'iov', *parts)


def _text(guid: str) -> str:
    """As the kernel shows it: %llx (show_admin_alias_guid)."""
    return guid.replace(':', '').lstrip('0')


def find(host: Host, address: str) -> Iov | None:
    """:param address: PCI address of a VF
    :returns: None where the driver does not have iov
    :raises errors.VfNotFound, errors.NotAVf: see Host.vf
    """
    pf, number = host.vf(address)
    # get_name() counts from the PF on and in tens: not every VF's folder has
    # the name of its PCI address.
    function = number + 1
    folder = f'{pf[:8]}{function // 8:02d}.{function % 8}'
    for device in host.sysfs.names(*_DEVICES, pf, 'infiniband'):
        for port in host.sysfs.names(
                *_INFINIBAND, device, 'iov', folder, 'ports'):
            return Iov(host.sysfs, device, address, folder, port)
    return None
