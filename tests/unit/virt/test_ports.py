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

"""Any port at all: refused by name, or an interface that libvirt takes.

Hypothesis makes up bindings; libvirt's schema and parser judge.
"""

import hypothesis
from hypothesis import strategies as st
from nova.virt.libvirt import config
import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import binding
from nova_sriov_ext.virt.libvirt import kinds
from nova_sriov_ext.virt.libvirt import vif as sriov
from tests.unit.virt import conftest
from tests.unit.virt import domain
from tests.unit.virt import vifs

NASTY = st.sampled_from([
    '', '<', '&', '"', "'", '\n', '\x00', '\ud800', '�', 'ä' * 20,
    '\u0667', "'/><script>", '$(reboot)', '; reboot', '../..', ' 7', '+7',
    '1_0', '0x7', '7.0', 'nan', '9' * 30, '2026-11-20'])
ANYTHING = (
    st.none() | st.booleans() | st.floats() | NASTY
    | st.text(max_size=45) | st.integers() | st.binary(max_size=4)
    | st.lists(st.integers(-1, 5000) | NASTY, max_size=3)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))


def numbers(maximum):
    return st.integers(0, maximum).flatmap(
        lambda n: st.sampled_from([n, str(n)]))


def beyond(maximum):
    return st.sampled_from([-1, maximum + 1, str(maximum + 1)])


VALID = st.fixed_dictionaries({
    'vlan': numbers(binding.VLAN_MAX) | st.lists(
        numbers(binding.VLAN_MAX), min_size=1, max_size=3),
    'profileid': st.text(st.characters(
        codec='utf-8', categories=['L', 'N', 'P', 'S', 'Zs'],
        exclude_characters="<&'"), min_size=1, max_size=10),
    'managerid': numbers(0xff), 'typeid': numbers(0xffffff),
    'typeidversion': numbers(0xff), 'instanceid': st.uuids().map(str),
}, optional={'datapath_type': st.just('netdev'), 'trusted': st.booleans()})
DAMAGE = st.fixed_dictionaries({}, optional={
    'vlan': beyond(binding.VLAN_MAX) | ANYTHING,
    'profileid': st.text(max_size=45) | ANYTHING,
    'managerid': beyond(0xff) | ANYTHING,
    'typeid': beyond(0xffffff) | ANYTHING,
    'typeidversion': beyond(0xff) | ANYTHING,
    'instanceid': ANYTHING})
DETAILS = st.builds(lambda valid, damage: valid | damage,
                    VALID, st.just({}) | DAMAGE)
GOOD_SLOTS = st.sampled_from([vifs.SLOT, '0000:0A:1F.7', 'ffff:ff:1f.7'])
# libvirt takes unicast addresses only, and says so itself.
GOOD_MACS = st.sampled_from([vifs.MAC, vifs.MAC.upper()])
KNOWN = st.sampled_from(sorted(kinds.KINDS))
PORTS = (
    st.tuples(KNOWN, GOOD_SLOTS, GOOD_MACS, VALID, st.just({}))
    | st.tuples(KNOWN, GOOD_SLOTS, GOOD_MACS, DETAILS, DAMAGE)
    | st.tuples(KNOWN, ANYTHING, st.just('fa:16:3e:0a:ec') | ANYTHING,
                VALID, st.just({}))
    | st.tuples(st.tuples(st.sampled_from(['hw_veb', '802.1qbg']), NASTY),
                GOOD_SLOTS, GOOD_MACS, VALID, st.just({})))

REFUSALS = (exception.InvalidPort, exception.VifOperationFailed)


@pytest.fixture
def any_netdev(monkeypatch):
    monkeypatch.setattr('nova.pci.utils.get_ifname_by_pci_address',
                        lambda address, pf_interface=False: vifs.NETDEV)


@hypothesis.settings(max_examples=600, suppress_health_check=[
    hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(PORTS)
def test_any_port(conf, any_netdev, port):
    kind, slot, mac, details, profile = port
    driver = sriov.SriovVIFDriver(conftest.VdpaHost())
    vif = vifs.vif(*kind, slot=slot, address=mac, profile=profile, **details)
    try:
        ours = vifs.config(driver, vif)
    except REFUSALS as e:
        hypothesis.event('refused')
        assert str(e).startswith(f'Port {vifs.PORT}')
        return
    hypothesis.event(f'accepted {kind[0]}')
    assert type(ours) in (config.LibvirtConfigGuestInterface,
                          config.LibvirtConfigGuestHostdevPCI)
    domain.schema().assertValid(domain.around(ours))
    back = domain.read_back(ours)
    assert ours == back
    written = domain.parts(ours.format_dom())
    given = domain.parts(domain.given_back(ours))
    assert written.items() <= given.items()
