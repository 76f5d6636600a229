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

"""The flavor's quotas as rates of VFs: what is refused, and what is ours."""

import pytest

from nova_sriov_ext import exception
from tests.sim import vfs as sim_vfs
from tests.unit.virt import vifs
from tests.unit.virt.test_vf_setup import AVERAGE
from tests.unit.virt.test_vf_setup import PEAK
from tests.unit.virt.test_vf_setup import rate

BAD_FLAVORS = {
    'text': ({AVERAGE: 'abc'}, 'vif_outbound_average', "'abc'"),
    'negative': ({AVERAGE: '-1'}, 'vif_outbound_average', "'-1'"),
    'too much': ({PEAK: str(1 << 40)}, 'vif_outbound_peak', str(1 << 40)),
    'peak below': ({AVERAGE: '1250', PEAK: '125'}, 'vif_outbound_peak',
                   'less than'),
}


@pytest.mark.parametrize(
    'specs, words', [(specs, words) for specs, *words in BAD_FLAVORS.values()],
    ids=BAD_FLAVORS)
def test_bad_flavors(machine, specs, words):
    here = machine()
    with pytest.raises(exception.InvalidPort) as caught:
        here.driver.plug(vifs.limited(**specs),
                         vifs.hw_veb(profile={'trusted': True}))
    assert all(word in str(caught.value)
               for word in (*words, vifs.PORT, 'm1.vf'))
    assert here.vf == sim_vfs.NEW_ETHERNET


def test_a_bad_flavor_of_a_representor_names_the_port(conf, machine, plugins):
    conf.config(switchdev_vf_rates=True, group='sriov')
    with pytest.raises(exception.InvalidPort, match=vifs.PORT):
        machine().driver.plug(vifs.limited(**{AVERAGE: 'abc'}),
                              vifs.switchdev())
    assert not plugins['vflag'].plugged


LIMIT = 'not a whole number from 0 to 536870911875'
HELP = 'Give it in kilobytes per second, or unset it in the flavor.'


@pytest.mark.parametrize('specs, text', [
    ({AVERAGE: 'abc'}, f"{AVERAGE} 'abc', which is {LIMIT}. {HELP}"),
    ({AVERAGE: '1250', PEAK: '125'},
     f"{PEAK} '125', which is less than {AVERAGE} 1250. {HELP}")])
def test_the_whole_text_of_a_bad_flavor(machine, specs, text):
    with pytest.raises(exception.InvalidPort) as caught:
        machine().driver.plug(vifs.limited(**specs), vifs.hw_veb())
    assert str(caught.value) == (
        f"Port {vifs.PORT}: its server's flavor m1.vf has {text}")


def test_a_peak_may_be_what_is_assured(machine):
    here = machine()
    here.driver.plug(vifs.limited(**{AVERAGE: '1000', PEAK: '1000'}),
                     vifs.hw_veb())
    assert here.vf['rate'] == {'min_tx_rate': 8, 'max_tx_rate': 8}


def test_rates_of_both_flavors_of_a_resize_are_ours(machine):
    """The source is left with the new flavor, or with the old one."""
    here = machine()
    server = vifs.limited(**{AVERAGE: '125000'})
    server.old_flavor = vifs.flavor(**{AVERAGE: '250000'})
    server.new_flavor = vifs.flavor(**{AVERAGE: 'abc'})
    for megabits in 1000, 2000:
        here.vfs.set('enp3s0f0np0', 0, rate(megabits))
        here.driver.unplug(server, vifs.hw_veb())
        assert here.vf == sim_vfs.NEW_ETHERNET
