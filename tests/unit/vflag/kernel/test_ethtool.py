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

"""Features of real netdevs; none here offers hw-tc-offload."""

import os

import pyroute2
import pytest

from os_vif_vflag.kernel import ethtool
from tests.sim import inside

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

# One that the driver of a veth lets be changed, and that starts off.
FEATURE = 'rx-gro'


@pytest.fixture
def netns():
    name = f'ethtool-{os.getpid()}'
    pyroute2.netns.create(name)
    with pyroute2.NetNS(name) as ip:
        ip.link('add', ifname='veth0', kind='veth', peer='veth1')
        yield name
    pyroute2.netns.remove(name)


def _turn_on(names, feature):
    """:returns: what is still off, and whether it is on at veth0 now"""
    refused = ethtool.turn_on(names, feature)
    with pyroute2.Ethtool() as other:
        now = other.get_features('veth0').features.get(feature)
    return refused, now is not None and now.enable


def turn_on(netns, names, feature=ethtool.HW_TC_OFFLOAD):
    return inside.call(_turn_on, names, feature, netns=netns).result()


def test_a_feature_that_is_offered_is_turned_on(netns):
    for _ in range(2):      # the second time there is nothing to do
        assert turn_on(netns, ['veth0'], FEATURE) == ({}, True)


def test_driver_does_not_offer_it(netns):
    """ethtool: «hw-tc-offload: off [fixed]»."""
    names = ['veth0', 'veth1']
    assert turn_on(netns, names) == (
        dict.fromkeys(names, 'the driver does not offer it'), False)


def test_one_netdev_is_gone(netns):
    refused, on = turn_on(netns, ['gone', 'veth0'], FEATURE)
    assert (refused, on) == ({'gone': 'No such device'}, True)


def test_kernel_does_not_know_it(netns):
    refused, _ = turn_on(netns, ['veth0'], 'no-such-feature')
    assert refused == {'veth0': 'Operation not supported'}


@pytest.mark.parametrize('feature', [FEATURE, ethtool.HW_TC_OFFLOAD])
def test_whether_a_feature_is_on(netns, feature):
    def now():
        return inside.call(ethtool.is_on, 'veth0', feature,
                           netns=netns).result()

    assert now() is False
    refused, on = turn_on(netns, ['veth0'], feature)
    assert now() is on is not bool(refused)


def test_a_netdev_that_is_not_there_has_no_features(netns):
    assert inside.call(
        ethtool.is_on, 'gone', FEATURE, netns=netns).result() is None
