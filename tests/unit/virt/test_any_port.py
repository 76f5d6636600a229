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

"""Whatever a binding holds: one of a few errors, or what stock makes of it."""

import hypothesis
from hypothesis import strategies as st
from nova import exception as nova_exception
from nova.network import model
from nova.virt.libvirt import vif as stock
import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import kinds
from tests.unit.virt import domain
from tests.unit.virt import vifs
from tests.unit.virt.conftest import VdpaHost


def _values(prefix):
    return sorted({value for name, value in vars(model).items()
                   if name.startswith(prefix) and value})


TYPES, VNIC_TYPES = _values('VIF_TYPE_'), _values('VNIC_TYPE_')
SRIOV = ('hw_veb', '802.1qbh', '802.1qbg', 'hostdev_physical', 'ib_hostdev')
SOUND = {'vlan': '7', 'profileid': 'gold', 'managerid': 1, 'typeid': 2,
         'typeidversion': 3, 'instanceid': vifs.VSI}
# What os-vif's fields, sysfs, netlink and libvirt stumble over.
ANYTHING = (st.none() | st.booleans() | st.integers() | st.floats()
            | st.text(max_size=20) | st.binary(max_size=5)
            | st.sampled_from((
                'fa:16:3e:0a:ec', '01:00:5e:00:00:01', 'netdev', 'system',
                '0000:03:00.2', '0000:03:00.2\n', 'direct', '\ud800', '4095',
                '00:00:00:00:00:00', '\u0661\u0661:16:3e:00:00:00'))
            | st.lists(st.integers(), max_size=2)
            | st.dictionaries(st.text(max_size=3), st.none(), max_size=1))


@pytest.mark.parametrize('kind', TYPES)
@pytest.mark.parametrize('vnic_type', VNIC_TYPES)
def test_every_pair(driver, conf, kind, vnic_type):
    """Known ports end in an interface or in words; all others as in stock
    Nova, but for what would be a TypeError there."""
    for profile in ({}, {'pci_slot': vifs.SLOT}):
        vif = vifs.vif(kind, vnic_type, slot=None, profile=profile,
                       bridge='br-int', **SOUND)
        ours = _outcome(driver, vif)
        if (kind, vnic_type) in kinds.KINDS:
            assert ours[0] == ('interface' if profile else 'InvalidPort')
            continue
        theirs = _outcome(stock.LibvirtGenericVIFDriver(VdpaHost()), vif)
        if kind in SRIOV and theirs[0] in ('TypeError', 'KeyError'):
            assert ours[0] == 'InvalidPort' and kind in ours[1]
        else:
            assert ours == theirs


def _outcome(driver, vif):
    try:
        return 'interface', domain.canonical(vifs.config(driver, vif))
    except Exception as e:
        return type(e).__name__, str(e)


@hypothesis.settings(max_examples=1500, deadline=None, suppress_health_check=[
    hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(
    st.sampled_from(sorted(kinds.KINDS) + [
        (kind, vnic_type) for kind in SRIOV for vnic_type in VNIC_TYPES]),
    st.sampled_from(('address', 'vnic_type', 'profile', 'details',
                     'profile.pci_slot', 'profile.trusted',
                     'details.datapath_type', 'profile.profileid',
                     *(f'details.{name}' for name in SOUND))), ANYTHING)
def test_any_value(machine_of_any_port, plugins, pair, field, value):
    vif = vifs.vif(*pair, bridge='br-int', **SOUND)
    where, _, name = field.rpartition('.')
    if name == 'vnic_type':
        value = str(value)
    if where:
        vif[where][name] = value
    elif name in ('profile', 'details') and not isinstance(value, dict):
        vif[name] = None
    else:
        vif[name] = value
    driver = machine_of_any_port
    actions = [lambda: vifs.config(driver, vif)]
    if kinds.of(vif):     # others are plugged by stock's own tools
        actions += [lambda: driver.plug(vifs.INSTANCE, vif),
                    lambda: driver.unplug(vifs.INSTANCE, vif)]
    for action in actions:
        plugins['vflag'].plugged.setdefault(vifs.PORT)
        plugins['noop'].plugged.setdefault(vifs.PORT)
        try:
            action()
        except (exception.InvalidPort, exception.VifOperationFailed,
                nova_exception.PciDeviceNotFoundById) as e:
            # The last one is stock's, of a pair that is stock's.
            assert vifs.PORT in str(e) or not kinds.of(vif)


@pytest.fixture
def machine_of_any_port(machine):
    driver = machine().driver
    driver.host = VdpaHost()
    return driver
