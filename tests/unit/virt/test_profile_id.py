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

"""Profile ids of 802.1Qbh ports: exactly what libvirt takes and gives back.

libvirt is asked about every text, whether the driver lets it through or not:
the rule in interface.py is neither laxer nor stricter.
"""

import hypothesis
from hypothesis import strategies as st
import libvirt
from nova.virt.libvirt import config
import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import vif as sriov
from tests.unit.virt import domain
from tests.unit.virt import vifs

TAKEN = ['gold', 'a' * 39, 'ä' * 19, 'ä' * 19 + 'a', '€' * 13, ' ', ' a  b ',
         '"', '>', '">', '#;%{}', '\x7f', '\x85', '\u2028']
REFUSED = ['', 'a' * 40, 'ä' * 20, 'ä' * 39, '€' * 13 + 'a', 'tab\there',
           'line\nbreak', '\r', '\x00', '\x1f', '\ud800', '\ufffe', '<', '&',
           "'", '&amp;', "gold' instanceid='x"]

TEXTS = st.text(
    st.sampled_from('aä€😀 <&"\'>;=/\x7f\u2028') | st.characters(),
    min_size=1, max_size=41)


def ours(profile_id):
    """What the driver makes of it; None when it refuses."""
    try:
        return vifs.config(sriov.SriovVIFDriver(), vifs.vm_fex(profile_id))
    except exception.InvalidPort:
        return None


def libvirts(profile_id):
    """What libvirt gives back for it; None when that or taking it fails.

    Built without the driver under test.
    """
    conf = config.LibvirtConfigGuestInterface()
    conf.net_type = 'hostdev'
    conf.mac_addr = vifs.MAC
    conf.source_dev = vifs.SLOT
    conf.vporttype = '802.1Qbh'
    conf.add_vport_param('profileid', profile_id)
    try:
        back = domain.read_back(conf)
    except (libvirt.libvirtError, ValueError):
        # ValueError: lxml, for what XML cannot carry.
        return None
    # None: what libvirt wrote is no XML, and Nova sees no devices in it.
    return back and back.vportparams[0]['value']


def test_the_driver_takes_what_survives_libvirt():
    @hypothesis.settings(max_examples=1500)
    @hypothesis.given(TEXTS)
    def compare(profile_id):
        survives = libvirts(profile_id) == profile_id
        assert (ours(profile_id) is not None) == survives
    compare()


@pytest.mark.parametrize('profile_id', TAKEN)
def test_a_profile_id_that_libvirt_takes_is_in_the_xml(conf, profile_id):
    interface = ours(profile_id)
    domain.schema().assertValid(domain.around(interface))
    back = domain.read_back(interface)
    assert back.vportparams == [{'key': 'profileid', 'value': profile_id}]


@pytest.mark.parametrize('profile_id', REFUSED)
def test_a_profile_id_that_libvirt_spoils_is_refused(conf, profile_id):
    assert ours(profile_id) is None
    assert libvirts(profile_id) != profile_id


def test_libvirt_would_let_a_profile_id_add_attributes(conf):
    """Why a quote is refused: libvirt writes it unescaped, and reads another
    attribute when it next reads what it wrote."""
    smuggled = libvirts("gold' instanceid='x")
    assert smuggled == 'gold'


def chosen(driver, details=None, profile=None):
    vif = vifs.vif('802.1qbh', profile=profile or {}, **(details or {}))
    return vifs.config(driver, vif).vportparams


GOLD, SILVER, BRONZE = ({'profileid': name}
                        for name in ('gold', 'silver', 'bronze'))


@pytest.mark.parametrize('details, profile, expected', [
    (GOLD, SILVER, 'gold'), (None, SILVER, 'silver'),
    ({'profileid': None}, SILVER, 'silver'), (None, None, 'bronze')],
    ids=['details', 'profile', 'details None', 'default of the physnet'])
def test_where_it_is_looked_for(conf, driver, details, profile, expected):
    conf.config(default_profile_ids={'physnet0': 'bronze'}, group='sriov')
    assert chosen(driver, details, profile) == [
        {'key': 'profileid', 'value': expected}]


@pytest.mark.parametrize('defaults', [
    {}, {'physnet1': 'bronze'}, {'physnet0': ''}, {'physnet0': 'a<b'}],
    ids=['none', 'of another physnet', 'empty', 'with markup'])
def test_no_usable_default(conf, driver, defaults):
    conf.config(default_profile_ids=defaults, group='sriov')
    with pytest.raises(exception.InvalidPort) as caught:
        chosen(driver)
    assert 'default_profile_ids in nova.conf' in str(caught.value)


def test_an_empty_one_hides_no_default(conf, driver):
    """Somebody wrote it: an error, not another profile than asked for."""
    conf.config(default_profile_ids={'physnet0': 'bronze'}, group='sriov')
    with pytest.raises(exception.InvalidPort, match='is missing'):
        chosen(driver, {'profileid': ''})


def test_the_option_in_a_file(conf, driver, tmp_path):
    file = tmp_path / 'nova.conf'
    file.write_text('[sriov]\n'
                    'default_profile_ids = physnet0:bronze,physnet1:gold\n')
    conf.conf([], project='nova', default_config_files=[str(file)])
    assert chosen(driver)[0]['value'] == 'bronze'
