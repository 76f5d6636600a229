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

"""What a PF's driver keeps of its VFs: decoded, and sent to the kernel.

No netdev here has VFs: this kernel parses what is sent, does not find a driver
and answers EOPNOTSUPP; what it cannot parse it answers with ERANGE.
"""

import errno
import os
import struct

import hypothesis
from hypothesis import strategies as st
import pyroute2
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.requests.link import LinkIPRouteFilter
import pytest

from os_vif_vflag.host import vf_settings
from os_vif_vflag.kernel import netlink
from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel import vfinfo
from os_vif_vflag.privileged import calls
from tests.sim import inside

root = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

NUMBER = st.integers(0, 0xfffffffe)


def hexadecimal(size):
    return st.binary(min_size=size, max_size=size).map(
        lambda value: value.hex(':'))


def numbers(*names):
    return st.fixed_dictionaries(dict.fromkeys(names, NUMBER))


SETTINGS = st.fixed_dictionaries({}, optional={
    'mac': hexadecimal(6), 'vlan': numbers('vlan', 'qos'),
    'rate': numbers('min_tx_rate', 'max_tx_rate'),
    'ib_node_guid': hexadecimal(8), 'ib_port_guid': hexadecimal(8),
    **dict.fromkeys(('spoofchk', 'trust', 'link_state'), NUMBER)})


def encoded(vfs):
    """:returns: bytes of IFLA_VFINFO_LIST, as pyroute2 encodes it"""
    message = ifinfmsg()
    message['attrs'] = list(LinkIPRouteFilter('set').set_vf(None, [
        {'vf': number, **{
            name: dict(value) if isinstance(value, dict) else value
            for name, value in settings.items()}}
        for number, settings in vfs.items()]).items())
    message.encode()
    return nlmsg.Attributes(bytes(message.data), 32).raw(
        uapi.IFLA_VFINFO_LIST)


@hypothesis.given(st.dictionaries(st.integers(0, 300), SETTINGS.filter(bool)))
def test_what_pyroute2_sets_is_what_is_read(vfs):
    assert vfinfo.decode(encoded(vfs)) == vfs


def test_guids_in_the_kernels_size():
    """struct ifla_vf_guid; pyroute2 sends 20 bytes more."""
    guid = struct.pack('=HHIxxxxQ', 20, uapi.IFLA_VF_IB_NODE_GUID, 3,
                       0xfa163e00000aece7)
    info = struct.pack('=HH', 4 + len(guid), uapi.IFLA_VF_INFO) + guid
    assert vfinfo.decode(info) == {
        3: {'ib_node_guid': 'fa:16:3e:00:00:0a:ec:e7'}}


def test_a_vf_of_which_nothing_known_is_reported_is_left_out():
    later = struct.pack('=HHI', 8, 99, 3)
    info = struct.pack('=HH', 4 + len(later), uapi.IFLA_VF_INFO) + later
    assert vfinfo.decode(info) == {}


@pytest.mark.parametrize('name', ['spoofchk', 'trust', 'link_state'])
def test_what_the_driver_leaves_open(name):
    assert vfinfo.decode(encoded(
        {0: {name: uapi.VF_NOT_REPORTED, 'mac': vf_settings.NO_MAC}})) == {
            0: {'mac': vf_settings.NO_MAC}}


@pytest.fixture(scope='module')
def netns():
    name = f'vfinfo-{os.getpid()}'
    pyroute2.netns.create(name)
    with pyroute2.NetNS(name) as ip:
        ip.link('add', ifname='veth0', kind='veth', peer='veth1')
    yield name
    pyroute2.netns.remove(name)


def answers(questions):
    """:param questions: list of (device, settings)
    :returns: list of errno, None for what the kernel does
    """
    calls.vif_plug.set_client_mode(False)
    found = []
    for device, settings in questions:
        try:
            found.append(calls.set_vf(device, 0, settings))
        except OSError as e:
            found.append(e.errno)
    return found


ALL = vf_settings.CLEARED | {'spoofchk': 1}


@root
def test_the_kernel_understands(netns):
    """Each alone, all at once, and by a name that is gone."""
    questions = [('veth0', {name: value}) for name, value in ALL.items()]
    questions += [('veth0', ALL), ('gone', ALL)]
    assert inside.call(answers, questions, netns=netns).result() == (
        [errno.EOPNOTSUPP] * (len(ALL) + 1) + [errno.ENODEV])


@root
def test_what_the_kernel_does_not_understand(netns):
    """Its parser, and not the driver, refuses what is too short."""
    assert inside.call(send_short, netns=netns).result() == errno.ERANGE


def send_short():
    mac = struct.pack('=HHI', 8, uapi.IFLA_VF_MAC, 0)
    info = struct.pack('=HH', 4 + len(mac), uapi.IFLA_VF_INFO) + mac
    listed = struct.pack('=HH', 4 + len(info), uapi.IFLA_VFINFO_LIST) + info
    try:
        nlmsg.request(0, _RTM_SETLINK, struct.pack('=BxHiII', 0, 0, 0, 0, 0)
                      + nlmsg.text(uapi.IFLA_IFNAME, 'veth0')
                      + listed)
    except OSError as e:
        return e.errno


_RTM_SETLINK = 19


@root
def test_of_a_netdev_without_vfs(netns):
    assert inside.call(read, 'veth0', netns=netns).result() == {}
    assert inside.call(read, 'gone', netns=netns).result() is None


def read(device):
    return netlink.Netlink().vfs(device)
