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

"""The table of the kernel's names, against the kernel's own headers."""

import pathlib
import re

import pytest

from os_vif_vflag.kernel import uapi

# linux-libc-dev, which every C compiler of Debian brings along
HEADERS = pathlib.Path('/usr/include/linux')


def constants(header, pattern):
    """:returns: dict name → number of an enum or of defines in a header"""
    path = HEADERS / header
    if not path.exists():
        pytest.skip(f'{path} is not on this machine')
    text = re.sub(r'/\*.*?\*/', '', path.read_text(), flags=re.DOTALL)
    text = re.sub(r'\s*\\\n\s*', ' ', text)     # a define over two lines
    found = {name: int(number, 0) for name, number in re.findall(
        rf'#define\s+({pattern})\s+(0x[0-9a-f]+|\d+)\s*$', text,
        re.MULTILINE)}
    for body in re.findall(r'enum\s*\w*\s*\{(.*?)\};', text, re.DOTALL):
        number = -1
        for name, value in re.findall(
                r'^\s*(\w+)(?:\s*=\s*(\d+))?\s*,?\s*$', body,
                re.MULTILINE):
            number = int(value) if value else number + 1
            if re.fullmatch(pattern, name):
                found[name] = number
    return found


def test_port_flavours():
    known = constants('devlink.h', r'DEVLINK_PORT_FLAVOUR_\w+')
    # The kernel writes «pcivf» where its constant says PCI_VF.
    for number, name in uapi.PORT_FLAVOURS.items():
        constant = 'DEVLINK_PORT_FLAVOUR_' + name.upper().replace(
            'PCI', 'PCI_')
        assert known[constant] == number


def test_eswitch_modes():
    known = constants('devlink.h', r'DEVLINK_ESWITCH_MODE_\w+')
    for name in (uapi.LEGACY, uapi.SWITCHDEV):
        number = known[f'DEVLINK_ESWITCH_MODE_{name.upper()}']
        assert uapi.ESWITCH_MODES[number] == name


@pytest.mark.parametrize('header, prefix', [
    ('devlink.h', 'DEVLINK_CMD_'), ('devlink.h', 'DEVLINK_ATTR_'),
    ('if_link.h', 'IFLA_'), ('if.h', 'IF_OPER_'), ('rtnetlink.h', 'RTM_'),
    ('netlink.h', 'NLM'), ('netlink.h', 'NETLINK_'),
    ('genetlink.h', 'CTRL_'),
])
def test_names_and_numbers_are_those_of_the_headers(header, prefix):
    """Those of a later Linux than the headers are not in them."""
    known = constants(header, rf'{prefix}\w+')
    ours = {name: number for name, number in vars(uapi).items()
            if name.startswith(prefix) and name in known}
    assert ours and ours == {name: known[name] for name in ours}


def test_generic_netlink():
    known = constants('netlink.h', r'NLMSG_MIN_TYPE')
    assert known['NLMSG_MIN_TYPE'] == uapi.GENL_ID_CTRL
    assert uapi.NLM_F_DUMP == 0x100 | 0x200      # NLM_F_ROOT | NLM_F_MATCH


# BOND_MODE_<…> of if_bonding.h → the name in bond_mode_tbl
BOND_CONSTANTS = {
    'BOND_MODE_ROUNDROBIN': 'balance-rr',
    'BOND_MODE_ACTIVEBACKUP': 'active-backup',
    'BOND_MODE_XOR': 'balance-xor',
    'BOND_MODE_BROADCAST': 'broadcast',
    'BOND_MODE_8023AD': '802.3ad',
    'BOND_MODE_TLB': 'balance-tlb',
    'BOND_MODE_ALB': 'balance-alb',
}


def test_bond_modes():
    known = constants('if_bonding.h', r'BOND_MODE_\w+')
    assert {number: BOND_CONSTANTS[name]
            for name, number in known.items()} == uapi.BOND_MODES


def test_link_types():
    known = constants('if_arp.h', r'ARPHRD_\w+')
    assert {known['ARPHRD_ETHER']: 'ethernet',
            known['ARPHRD_INFINIBAND']: 'infiniband'} == uapi.LINK_TYPES


def test_offloadable_modes_are_modes():
    assert set(uapi.BOND_MODES.values()) > uapi.OFFLOADABLE_BOND_MODES
