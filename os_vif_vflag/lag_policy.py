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

"""What becomes of a VF whose bond the hardware does not carry."""

from oslo_log import log as logging

from os_vif_vflag import exception
from os_vif_vflag.host import model
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.pfs import Pfs
from os_vif_vflag.host.representors import RepresentorFinder

LOG = logging.getLogger(__name__)

IGNORE = 'ignore'
WARN = 'warn'
REQUIRE = 'require'

_ACCEPTED = frozenset((model.ACTIVE, model.NONE))


class LagPolicy:
    """Judges VFs of bonded PFs.

    :param policy: IGNORE, WARN or REQUIRE
    """

    def __init__(self, policy: str, host: Host,
                 representors: RepresentorFinder):
        self._policy = policy
        self._host = host
        self._pfs = Pfs(host, representors)

    def check(self, port: str, vf: str, pf: str, bond: str | None,
              in_use: bool) -> None:
        """Warn of a bond that is not, or not fully, offloaded.

        :param port: Neutron port id
        :param vf: PCI address
        :param pf: PCI address of its PF
        :param bond: name of the bond of the PF's uplink, None without one
        :param in_use: whether the VF is plugged for this port already: then
            nothing is refused, its server runs
        :raises exception.LagNotActive: REQUIRE wants the bond offloaded
        """
        if self._policy == IGNORE or bond is None:
            return
        found = self._lag(bond)
        if found.state in _ACCEPTED:
            return
        names = {'vf': vf, 'pf': pf, 'bond': bond, 'reason': found.reason}
        # A degraded LAG forwards: it does what it is there for.
        if (self._policy == REQUIRE and found.state == model.INACTIVE
                and not in_use):
            raise exception.LagNotActive(**names)
        LOG.warning('Port %(port)s is plugged into VF %(vf)s of PF %(pf)s, '
                    'but the VF-LAG of %(bond)s is %(state)s: %(reason)s',
                    names | {'port': port, 'state': found.state})

    def _lag(self, name: str) -> model.Lag:
        seen = self._pfs.lag(name)
        return (seen if seen.state in model.OFFLOADED
                else self._in_snapshot(name))

    def _in_snapshot(self, bond: str) -> model.Lag:
        return next((found.lag for found in self._host.snapshot().bonds
                     if found.name == bond), model.Lag())
