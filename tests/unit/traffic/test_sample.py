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
import pytest

from nova_sriov_ext.traffic import sample
from os_vif_vflag.host import host
from os_vif_vflag.host import model
from os_vif_vflag.kernel import counters
from os_vif_vflag.kernel import netlink
from os_vif_vflag.ovs import flows
from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import vswitchd

VF = model.VF('0000:03:00.2', 0, representor='eth9')
PF = model.PF('0000:03:00.0', uplink='lo', vfs=(VF,))


def flow(key, packets):
    return flows.Flow(key, 'eth9', frozenset(), packets, 'tc', True)


def made(found, netdevs=None, vfs=None):
    return sample.Sample({key: flow(key, packets)
                          for key, packets in found.items()},
                         netdevs or {}, vfs or {})


def test_what_there_was_in_between():
    """What is new, and what was made anew, counts as a whole."""
    before = made({'old': 5, 'reset': 9, 'gone': 7},
                  {'eth9': counters.Counters(100, 10),
                   'eth8': counters.Counters(5)}, {'a': 3})
    after = made({'old': 8, 'reset': 2, 'new': 4},
                 {'eth9': counters.Counters(130, 11),
                  'eth8': counters.Counters(6), 'eth7': counters.Counters(1)},
                 {'a': 5, 'b': 2})
    found = sample.between(before, after)
    assert {key: flow.packets for key, flow in found.flows.items()} == {
        'old': 3, 'reset': 2, 'new': 4}
    assert found.netdevs == {
        'eth9': counters.Counters(30, 1), 'eth8': counters.Counters(1),
        'eth7': counters.Counters(1)}
    assert found.vfs == {'a': 2, 'b': 2}


@pytest.mark.parametrize('one, other', [
    (sample.Sample(problem='down'), made({})),
    (made({}), sample.Sample(problem='down'))])
def test_flows_that_were_read_once_only(one, other):
    found = sample.between(one, other)
    assert (found.flows, found.problem) == (None, 'down')


class Switch(vswitchd.Vswitchd):
    def __init__(self, text):
        self.text = text

    def run(self, command, *arguments):
        if self.text is None:
            raise ovs_errors.VswitchdSilent(control='x', error='y')
        if command == 'dpctl/dump-dps':
            return 'netdev@ovs-netdev\nsystem@ovs-system\n'
        return self.text if arguments[-1] == 'system@ovs-system' else ''


LINE = 'in_port(eth9), packets:3, bytes:9, used:1s, actions:lo\n'


def test_a_host():
    found = sample.take(model.HostSnapshot((PF,)), host.Host(), Switch(LINE))
    assert [flow.packets for flow in found.flows.values()] == [3]
    assert found.netdevs['lo'].packets >= 0
    assert found.vfs == {} and found.problem is None


def test_an_open_vswitch_that_is_silent():
    found = sample.take(model.HostSnapshot(), host.Host(), Switch(None))
    assert found.flows is None and 'gives no answer: y' in found.problem


def test_a_kernel_that_says_nothing(tmp_path):
    """A recording without netlink, say; and no VF has a representor."""
    found = sample.take(model.HostSnapshot((PF,)), host.Host(str(tmp_path)),
                        None)
    assert found == sample.Sample()


class Kernel(netlink.Netlink):
    def vf_packets(self, name):
        return {0: 44} if name == 'lo' else None


def test_what_the_pf_counts():
    machine = host.Host(netlink=Kernel())
    without = model.PF('0000:04:00.0', vfs=(model.VF('0000:04:00.2', 0),))
    found = sample.take(model.HostSnapshot((PF, without)), machine, None)
    assert found.vfs == {VF.address: 44}
