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
import pathlib
import struct

from os_vif_vflag.kernel import counters
from os_vif_vflag.kernel import netlink
from os_vif_vflag.kernel import nlmsg

CLASS = pathlib.Path('/sys/class/net')


def packets(name):
    return sum(int((CLASS / name / 'statistics' / key).read_text())
               for key in ('rx_packets', 'tx_packets'))


def test_the_kernel_counts_as_sysfs_does():
    source = netlink.Netlink()
    names = {link.ifindex: link.name for link in source.links()}
    before = {name: packets(name) for name in names.values()}
    found = source.counters()
    assert found.keys() == names.keys()
    for ifindex, name in names.items():
        assert before[name] <= found[ifindex].packets <= packets(name)
        assert found[ifindex].software is None


def stats(kind, *numbers):
    return nlmsg.attribute(kind, struct.pack(f'={len(numbers)}Q', *numbers))


def header(ifindex):
    return counters.HEADER.pack(0, 0, ifindex, counters.FILTER)


def test_packets_that_the_processor_has_seen():
    """As mlx5e_rep and others report of a representor."""
    message = header(7) + stats(1, 100, 20, 9, 9) + nlmsg.nested(
        4, stats(1, 3, 4, 9, 9))
    assert counters.decode(message) == (7, counters.Counters(120, 7))


def test_a_netdev_without_counters():
    assert counters.decode(header(7)) is None


def vf(number, *attributes):
    return nlmsg.nested(1, nlmsg.attribute(
        1, struct.pack('=I32x', number)), *attributes)


def test_packets_of_vfs():
    attribute = (vf(0, nlmsg.nested(8, stats(0, 5), stats(1, 6)))
                 # Cut off, where the list is longer than an attribute can be.
                 + vf(1) + vf(2, nlmsg.nested(8, stats(0, 1)))
                 + vf(3, nlmsg.nested(8, stats(0, 0), stats(1, 0))))
    assert counters.of_vfs(attribute) == {0: 11, 3: 0}
    assert counters.of_vfs(b'') == {}


def test_a_driver_that_does_not_count():
    """Without ndo_get_vf_stats there are zeros."""
    assert counters.of_vfs(vf(0, nlmsg.nested(8, stats(0, 0), stats(1, 0)))
                           ) == {}


def test_a_netdev_without_vfs():
    assert netlink.Netlink().vf_packets('lo') == {}
    assert netlink.Netlink().vf_packets('is-not-there') is None
