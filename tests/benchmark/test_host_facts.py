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

"""Facts about a host, ours and stock, on the same tree in the same run.

No test of speed: what is slow today on a busy machine is not wrong. Each
benchmark checks that its answer is right, and the run ends with a table.
"""

import pathlib

from nova.pci import utils as nova_pci
import pytest
from vif_plug_ovs import linux_net

from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from os_vif_vflag.kernel.netlink import Netlink
from tests.benchmark import machine
from tests.sim import inside
from tests.sim import memory
from tests.sim import sysfs

pytestmark = [
    pytest.mark.benchmark(warmup=True, warmup_iterations=1, min_rounds=5,
                          max_time=0.5),
    pytest.mark.skipif(bool(inside.why_not()), reason=str(inside.why_not()))]


@pytest.fixture(scope='module', params=[8, 64, 127, 250], ids='{} VFs'.format)
def sim(request):
    with memory.folder() as folder:
        sim = sysfs.Sysfs(pathlib.Path(folder), machine.card(request.param))
        with machine.netdevs(sim), machine.seen_as_sys(sim):
            yield sim


@pytest.fixture
def vf(sim, benchmark):
    """A VF of the second PF, halfway through what stock code searches."""
    pf = sim.cards[0].pfs[1]
    benchmark.group = f'{pf.vfs} VFs per PF'
    return pf.vf_address(pf.vfs // 2)


def hosts():
    """:returns: dict name → Host: how the netdevs are learned"""
    return {'sysfs': Host('/', NoNetlink()), 'netlink': Host('/', Netlink())}


class NoNetlink:
    """A kernel that answers none of it."""

    def links(self):
        return None

    def ports(self, address=None):
        return None


each_source = pytest.mark.parametrize('source', hosts())


def test_os_vif(benchmark, sim, vf):
    """What vif_plug_ovs does to find the representor of one VF."""
    def find():
        uplink = linux_net.get_ifname_by_pci_address(
            vf, pf_interface=True, switchdev=True)
        return linux_net.get_representor_port(
            uplink, linux_net.get_vf_num_by_pci_address(vf))
    assert benchmark(find) == sim.representor(vf).name


def test_nova(benchmark, vf):
    """What Nova reads of one VF when it binds its port (neutron.py,
    _get_vf_pci_device_profile): MAC of the PF, number of the VF."""
    def read():
        return (nova_pci.get_mac_by_pci_address(vf, pf_interface=True),
                nova_pci.get_vf_num_by_pci_address(vf))
    assert benchmark(read)[1] == Host().vf(vf)[1]


def test_dump(benchmark, sim, vf):
    """All that Linux 5.14 and later need of links, and sysfs of none."""
    assert {link.name for link in benchmark(Netlink().links)} > {
        link.name for link in sim.links()}


@each_source
def test_find_cold(benchmark, sim, vf, source):
    """The first VF after a start of the service."""
    host = hosts()[source]
    assert benchmark(lambda: RepresentorFinder(host).find(vf)) == (
        sim.representor(vf).name)


def test_find_next(benchmark, sim, vf):
    """Another VF, after one was found."""
    finder = RepresentorFinder(hosts()['netlink'])
    finder.find(sim.cards[0].pfs[0].vf_address(0))

    def forget():
        finder._known.clear()
        return (vf,), {}
    assert benchmark.pedantic(finder.find, setup=forget, rounds=200) == (
        sim.representor(vf).name)


def test_find_warm(benchmark, sim, vf):
    """A VF that was found before, as at each start of its server."""
    finder = RepresentorFinder(hosts()['netlink'])
    finder.find(vf)
    assert benchmark(finder.find, vf) == sim.representor(vf).name


@each_source
def test_snapshot(benchmark, sim, vf, source):
    """Every fact of the host, all its VFs with their representors."""
    host = hosts()[source]
    first, second = benchmark(host.snapshot).pfs
    found = {one.address: one.representor for one in second.vfs}
    assert found[vf] == sim.representor(vf).name
    assert len(first.vfs) == sim.pf(first.address).vfs
