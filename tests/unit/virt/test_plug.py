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

"""Which os-vif plugin gets the VIF, and what becomes of its errors.

The real os_vif calls plugins that keep what they were given.
"""

from nova.network import os_vif_util
import os_vif
import os_vif.objects
from os_vif.objects import vif as osv_vif
import pytest
from stevedore import extension

from nova_sriov_ext import exception
from os_vif_vflag import exception as vflag_exception
from os_vif_vflag.host import errors
from tests.unit.virt import vifs


def holders(plugins):
    return [name for name, plugin in plugins.items() if plugin.plugged]


@pytest.mark.parametrize('chosen', ['vflag', 'ovs'])
def test_the_option_chooses_the_plugin(conf, driver, plugins, chosen):
    conf.config(representor_plugin=chosen, group='sriov')
    driver.plug(vifs.INSTANCE, vifs.switchdev())
    assert holders(plugins) == [chosen]
    vif, server = plugins[chosen].plugged[vifs.PORT]
    assert isinstance(vif, osv_vif.VIFHostDevice)
    assert (vif.plugin, vif.dev_address, vif.network.bridge,
            vif.port_profile.interface_id, server.uuid) == (
        chosen, vifs.SLOT, 'br-int', vifs.PORT, vifs.INSTANCE.uuid)
    driver.unplug(vifs.INSTANCE, vifs.switchdev())
    assert not holders(plugins)


@pytest.mark.parametrize('vnic_type', ['direct', 'vdpa'])
def test_vflag_is_the_default(driver, plugins, vnic_type):
    driver.plug(vifs.INSTANCE, vifs.switchdev(vnic_type=vnic_type))
    assert holders(plugins) == ['vflag']


@pytest.mark.parametrize('details, expected', [
    ({}, None), ({'datapath_type': 'netdev'}, 'netdev')],
    ids=['none', 'OVS-DPDK'])
def test_the_datapath_of_the_bridge(driver, plugins, details, expected):
    """Stock Nova drops it for VFs (nova_to_osvif_vif)."""
    vif = vifs.switchdev(**details)
    driver.plug(vifs.INSTANCE, vif)
    plugged, _ = plugins['vflag'].plugged[vifs.PORT]
    assert plugged.port_profile.datapath_type == expected
    stocks = os_vif_util.nova_to_osvif_vif(vif).port_profile
    assert 'datapath_type' not in stocks or not stocks.datapath_type


@pytest.mark.parametrize('vif, plugin', [
    (vifs.vif('ovs', 'normal', None, bridge='br-int'), 'ovs'),
    (vifs.vif('ovs', 'remote-managed'), 'noop'),
], ids=['ovs normal', 'ovs remote-managed'])
def test_other_vifs_keep_the_plugin_that_nova_chooses(
        driver, plugins, vif, plugin):
    driver.plug(vifs.INSTANCE, vif)
    assert holders(plugins) == [plugin]
    driver.unplug(vifs.INSTANCE, vif)
    assert not holders(plugins)


@pytest.mark.parametrize('vif', [vifs.hw_veb(), vifs.vm_fex()],
                         ids=['hw_veb', '802.1qbh'])
def test_vifs_without_representor_need_no_plugin(driver, plugins, vif):
    driver.plug(vifs.INSTANCE, vif)
    assert not holders(plugins)
    driver.unplug(vifs.INSTANCE, vif)


@pytest.mark.parametrize('slot', [None, 'abc'])
def test_a_bad_port_reaches_no_plugin(driver, plugins, slot):
    with pytest.raises(exception.InvalidPort):
        driver.plug(vifs.INSTANCE, vifs.switchdev(slot=slot))
    assert not holders(plugins)


@pytest.mark.parametrize('slot', [None, 'abc'])
def test_unplug_of_a_vf_that_nova_forgot(driver, plugins, slot):
    """The plugin finds the port without it, so it must be asked."""
    driver.plug(vifs.INSTANCE, vifs.switchdev())
    assert holders(plugins) == ['vflag']
    driver.unplug(vifs.INSTANCE, vifs.switchdev(slot=slot))
    assert not holders(plugins)


def _attempt(driver, method):
    with pytest.raises(exception.VifOperationFailed) as caught:
        getattr(driver, method)(vifs.INSTANCE, vifs.switchdev())
    return caught.value


@pytest.mark.parametrize('method', ['plug', 'unplug'])
def test_the_plugins_own_words(driver, plugins, method):
    """os-vif and Nova put the representation of the whole VIF before them,
    and Nova shows the first 255 characters as the server's fault."""
    plugins['vflag'].error = vflag_exception.PlugFailed(
        port=vifs.PORT, vf=vifs.SLOT,
        error=errors.NotSwitchdev(vf=vifs.SLOT, pf='0000:03:00.0'))
    failed = _attempt(driver, method)
    assert str(failed) == str(plugins['vflag'].error)
    assert 'VIFHostDevice' not in str(failed)
    assert isinstance(failed, exception.exception.InternalError)


@pytest.mark.parametrize('method', ['plug', 'unplug'])
def test_a_plugin_that_breaks(driver, plugins, method):
    plugins['vflag'].error = KeyError('surprise')
    assert str(_attempt(driver, method)) == "'surprise'"


@pytest.mark.parametrize('method', ['plug', 'unplug'])
def test_a_plugin_that_is_not_installed(conf, driver, monkeypatch, method):
    monkeypatch.setattr(
        os_vif, '_EXT_MANAGER',
        extension.ExtensionManager.make_test_instance([]))
    assert str(_attempt(driver, method)) == (
        'No VIF plugin was found with the name vflag')


@pytest.mark.parametrize('method', ['plug', 'unplug'])
def test_os_vif_not_started(driver, monkeypatch, method):
    monkeypatch.setattr(os_vif, '_EXT_MANAGER', None)
    assert 'os_vif.initialize()' in str(_attempt(driver, method))


def test_what_was_set_is_put_back_when_the_plugin_fails(
        machine, plugins, conf):
    conf.config(switchdev_vf_rates=True, group='sriov')
    here = machine()
    new, server = here.vf, vifs.limited(
        **{'quota:vif_outbound_average': '125000'})
    plugins['vflag'].error = KeyError('surprise')
    with pytest.raises(exception.VifOperationFailed, match='surprise'):
        here.driver.plug(server, vifs.switchdev())
    assert here.vf == new
    assert len(here.vfs.requests) == 2


def test_settings_are_cleared_though_the_plugin_fails(
        machine, plugins, conf):
    """Also when the option is off by then."""
    conf.config(switchdev_vf_rates=True, group='sriov')
    here = machine()
    new, server = here.vf, vifs.limited(
        **{'quota:vif_outbound_average': '125000'})
    here.driver.plug(server, vifs.switchdev())
    assert here.vf['rate']['max_tx_rate'] == 1000
    conf.config(switchdev_vf_rates=False, group='sriov')
    plugins['vflag'].error = KeyError('surprise')
    with pytest.raises(exception.VifOperationFailed, match='surprise'):
        here.driver.unplug(server, vifs.switchdev())
    assert here.vf == new


@pytest.mark.parametrize('vnic_type', ['direct', 'vdpa'])
def test_rates_of_flavors_are_no_default_where_stock_ignores_them(
        machine, plugins, conf, vnic_type):
    """Nor does a flavor that could not be set fail."""
    here = machine()
    vif = vifs.switchdev(vnic_type=vnic_type)
    new = here.vf
    for average, peak in (('125000', '125000'), ('1250', '125')):
        here.driver.plug(vifs.limited(**{
            'quota:vif_outbound_average': average,
            'quota:vif_outbound_peak': peak}), vif)
        assert here.vf == new
    assert not here.vfs.requests
