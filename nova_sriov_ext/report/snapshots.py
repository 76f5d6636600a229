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

"""Snapshots of this host that a failure does not tear holes into.

A report without modes sends servers to VFs that do not suit them, or away from
those that do. Eswitch mode and bond of a PF change by an operator's hand, its
VFs are counted by Nova: what cannot be read now is most likely as it was.
"""

from collections.abc import Callable
import dataclasses

from oslo_log import log as logging

from os_vif_vflag.host import model

LOG = logging.getLogger(__name__)


class Snapshots:
    """Takes snapshots, and remembers the last good readings of this
    process."""

    def __init__(self, take: Callable[[], model.HostSnapshot]) -> None:
        self._take = take
        self._last = model.HostSnapshot()
        self._failing = False
        self._kept = frozenset[str]()

    def now(self) -> model.HostSnapshot:
        """Never raises: what it is for is only reported, not needed.

        :returns: with what cannot be read as it was when it could; empty
            when nothing could be read since the process started
        """
        try:
            taken = self._take()
        except Exception:
            self._say_failing()
        else:
            self._say_working()
            self._last = self._whole(taken)
        return self._last

    def _whole(self, taken: model.HostSnapshot) -> model.HostSnapshot:
        before = {pf.address: pf for pf in self._last.pfs}
        pfs = {pf.address: _as_before(pf, before.get(pf.address))
               for pf in taken.pfs}
        # Nova lists VFs by itself: those of a PF that was taken out are gone.
        whole = {**before, **pfs}
        found = {pf.address: pf for pf in taken.pfs}
        self._say_kept(frozenset(
            address for address, pf in whole.items()
            if pf is not found.get(address)))
        return dataclasses.replace(taken, pfs=tuple(
            whole[address] for address in sorted(whole)))

    def _say_failing(self) -> None:
        if not self._failing:
            LOG.exception(
                'The SR-IOV cards of this host cannot be read. Until they '
                'can, their eswitch modes and LAG states are reported as %s',
                'they were' if self._last.pfs else 'unknown')
        self._failing = True

    def _say_working(self) -> None:
        if self._failing:
            LOG.info('The SR-IOV cards of this host can be read again')
        self._failing = False

    def _say_kept(self, kept: frozenset[str]) -> None:
        if kept - self._kept:
            LOG.warning('PF %s cannot be read in full now; its eswitch mode '
                        'and bond are reported as they were',
                        ', '.join(sorted(kept - self._kept)))
        self._kept = kept


def _as_before(pf: model.PF, before: model.PF | None) -> model.PF:
    """While its driver reloads, a PF has neither netdev nor representors, and
    is not in its bond. And a mode that devlink reported is not given up for
    one that is inferred.

    :returns: the very same where nothing changes
    """
    if before is None:
        return pf
    reloads = before.uplink and not pf.uplink
    if reloads:
        pf = dataclasses.replace(pf, uplink=before.uplink, bond=before.bond)
    if pf.mode_inferred and (reloads or not before.mode_inferred):
        pf = dataclasses.replace(pf, mode=before.mode,
                                 mode_inferred=before.mode_inferred)
    return pf
