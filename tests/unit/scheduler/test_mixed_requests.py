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

"""Weights where only one of a server's requests has a preference."""

from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import weights
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given
from tests.unit.scheduler.test_weights import weigh

PF0, PF1 = '0000:03:00.0', '0000:04:00.0'
ALIAS = given.alias_request(specs=[{'vendor_id': '8086'}])


def port(name):
    return given.port_request(name, physical_network='a')


def test_a_port_without_a_preference_takes_what_is_left(conf, neutron):
    neutron.add('had', **{'binding:profile': {
        'capabilities': ['rx', 'switchdev']}})
    neutron.add('new')
    found = [hosts.host(mode, given.pool(2, physical_network='a', address=PF0),
                        rows=[document.Row(PF0, 'a', 2, mode)])
             for mode in ('switchdev', 'legacy')]
    assert weigh(weights.SriovModeWeigher, found, hosts.request(
        port('new'), port('had'))) == [0, -1]


def test_the_lag_of_an_aliass_devices_is_nobodys(conf):
    """They are given to the guest; no network fails over to another PF."""
    found = hosts.host(
        'h', given.pool(1, physical_network='a', address=PF0),
        given.pool(1, vendor_id='8086', physical_network='b', address=PF1),
        rows=[document.Row(PF0, 'a', 1, bond='bond0', lag='active'),
              document.Row(PF1, 'b', 1, bond='bond1', lag='inactive')])
    spec = hosts.request(ALIAS, port('p1'), **{'sriov:lag_policy': 'weigh'})
    assert weigh(weights.SriovLagWeigher, [found], spec) == [0]
