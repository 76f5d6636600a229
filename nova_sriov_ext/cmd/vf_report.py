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
"""What ``nova-sriov vf`` shows of the VFs of this host."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
import dataclasses
import functools

from nova_sriov_ext.cmd import host_facts
from nova_sriov_ext.cmd import occupancy
from nova_sriov_ext.traffic import cause
from nova_sriov_ext.traffic import sample
from nova_sriov_ext.traffic import verdict
from os_vif_vflag import exception as vflag_exception
from os_vif_vflag.host import model
from os_vif_vflag.kernel import ethtool
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel import vfinfo
from os_vif_vflag.ovs import vswitchd

_HW_OFFLOAD = 'hw-offload'
# Seconds, for the flows of a busy host.
_PATIENCE = 30


@dataclasses.dataclass(frozen=True)
class Vf:
    """A VF and its packets between two moments.

    :ivar packets: of any kind, None where nobody counts them
    :ivar traffic: by flows, None in legacy mode and where Open vSwitch's
        flows cannot be read
    :ivar settings: what its PF keeps of it
    """

    pf: model.PF
    vf: model.VF
    lag: model.Lag
    physnet: str | None
    use: occupancy.Use
    packets: int | None
    traffic: verdict.Traffic | None
    settings: vfinfo.Settings
    cause: str | None

    @property
    def verdict(self) -> verdict.Verdict:
        if self.traffic is not None:
            return self.traffic.verdict
        if self.pf.mode != uapi.LEGACY or self.packets is None:
            return verdict.Verdict.UNKNOWN
        if not self.packets:
            return verdict.Verdict.IDLE
        # In legacy mode it is the card that forwards.
        return (verdict.Verdict.SOFTWARE if self.use.by_netdev
                else verdict.Verdict.HARDWARE)


class VfReport:
    """:param facts: of this host
    :param warn: takes what could not be read
    """

    def __init__(self, facts: host_facts.HostFacts,
                 warn: Callable[[str], None]) -> None:
        self._facts = facts
        self._warn = warn

    def take(self, wait: Callable[[], None],
             of: Collection[str] | None = None) -> list[Vf]:
        """Look twice.

        :param wait: what to do in between
        :param of: PCI addresses of VFs; None: those in use
        """
        before = self._sample()
        wait()
        found = sample.between(before, self._sample())
        if found.problem:
            self._warn(found.problem)
        uses = self._facts.uses
        return [self._vf(pf, vf, found) for pf, vf in self._facts.pairs
                if (uses[vf.address].used if of is None
                    else vf.address in of)]

    def _sample(self) -> sample.Sample:
        facts = self._facts
        return sample.take(facts.snapshot, facts.machine, self._switch)

    @functools.cached_property
    def _switch(self) -> vswitchd.Vswitchd | None:
        facts = self._facts
        return vswitchd.Vswitchd(
            vswitchd.folder(facts.connection), _PATIENCE,
        ) if facts.has_representors else None

    def _vf(self, pf: model.PF, vf: model.VF, found: sample.Sample) -> Vf:
        use = self._facts.uses[vf.address]
        is_switched = pf.mode == uapi.SWITCHDEV
        traffic = (verdict.of(vf.representor, found)
                   if is_switched and vf.representor else None)
        return Vf(
            pf, vf, self._facts.snapshot.lag_of(pf),
            self._facts.networks[vf.address], use,
            packets=_packets(vf, found), traffic=traffic,
            settings=self._settings[pf.uplink].get(vf.number, {}),
            cause=cause.of(pf, vf, use.port, self._offload(pf, vf), traffic)
            if is_switched else cause.of_legacy(
                _packets(vf, found), use.by_netdev))

    def _offload(self, pf: model.PF, vf: model.VF) -> cause.Settings:
        return cause.Settings(self._hw_offload, {
            netdev: ethtool.is_on(netdev, ethtool.HW_TC_OFFLOAD)
            for netdev in (pf.uplink, vf.representor) if netdev})

    @functools.cached_property
    def _hw_offload(self) -> bool | None:
        try:
            found = self._facts.database.other_config()
        except vflag_exception.HostError:
            # Said already: its ports could not be read either.
            return None
        return found.get(_HW_OFFLOAD, '').lower() == 'true'

    @functools.cached_property
    def _settings(self) -> dict[str | None, dict[int, vfinfo.Settings]]:
        """By the uplink of a PF, and the number of a VF."""
        return {pf.uplink: self._facts.machine.vfs(pf.uplink)
                if pf.uplink else {} for pf in self._facts.snapshot.pfs}


def _packets(vf: model.VF, found: sample.Sample) -> int | None:
    if vf.address in found.vfs:
        return found.vfs[vf.address]
    netdev = found.netdevs.get(vf.representor) if vf.representor else None
    return netdev.packets if netdev else None
