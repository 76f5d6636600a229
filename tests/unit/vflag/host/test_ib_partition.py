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

"""What mlx4's iov shows when parts of it cannot be read."""

import errno

import pytest

from os_vif_vflag.host import errors
from os_vif_vflag.host import ib_partition
from os_vif_vflag.kernel import sysfs
from os_vif_vflag.privileged import calls
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

PF, VF = '0000:03:00.0', '0000:03:00.2'
GUID = 'fa:16:3e:00:00:0a:ec:e7'


@pytest.fixture
def iov(sriov_host, monkeypatch):
    """:returns: Iov of a VF, whose files are written in this process"""
    sim = sriov_host(Card(
        (Pf(PF, 'ib0', mode='legacy', infiniband=True, vf_offset=2),),
        driver='mlx4_core'))
    monkeypatch.setattr(calls.vif_plug, 'client_mode', False)
    monkeypatch.setattr(
        calls, 'INFINIBAND', str(sim.sys / 'class/infiniband'))
    return ib_partition.find(sources.host(sim, None), VF)


class _Without(sysfs.Files):
    """:param ending: of the paths that cannot be read"""

    def __init__(self, ending):
        self._ending = ending

    def read(self, path):
        if path.endswith(self._ending):
            raise PermissionError(errno.EACCES, 'Permission denied')
        return super().read(path)


def test_a_vf_without_a_place_for_its_guid(iov):
    """Which of the device's GUIDs is the VF's is in a file of its own."""
    iov.sysfs.files = _Without('gid_idx/0')
    assert not iov.has(GUID)
    for settings, guid in (
            (lambda: iov.member(ib_partition.DEFAULT, GUID),
             'fa163e00000aece7'), (iov.outsider, 'f' * 16)):
        with pytest.raises(errors.IovRefused) as caught:
            settings()
        assert str(caught.value).startswith(
            f'ports/1/admin_guids of ibp3s0f0 could not be set to {guid} for '
            f"VF {VF}: which one is the VF's cannot be read. ")


def test_what_could_not_be_read_is_not_put_back(iov):
    whole = iov.apply(iov.outsider())
    iov.apply(whole)
    iov.sysfs.files = _Without('pkey_idx/1')
    before = iov.apply(iov.member(ib_partition.DEFAULT, GUID))
    assert before.keys() <= whole.keys() and None not in before.values()
    iov.sysfs.files = sysfs.Files()
    iov.apply(before)
    assert not iov.has(GUID)
