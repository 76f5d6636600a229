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

import re

import hypothesis
from hypothesis import strategies as st
from nova.pci import utils
import os_resource_classes
import pytest

from nova_sriov_ext.placement import names

PLAIN = st.from_regex('[a-z0-9]{1,5}(_[a-z0-9]{1,5}){0,2}', fullmatch=True)
# Physnets that are easily taken for each other.
ALIKE = st.text('aA1-_ .é', max_size=4)
PHYSNETS = st.one_of(
    PLAIN, st.sampled_from(('_tunnelled', 'tunnelled', 'null')),
    ALIKE, st.text(max_size=255),
    st.text('aA', min_size=230, max_size=255),
    # What another physnet's name ends with.
    ALIKE.map(lambda text: names.vf_class(text)[16:].lower()),
    # Half a surrogate pair, as JSON can have it.
    st.just('\ud800'))


@hypothesis.settings(max_examples=500)
@hypothesis.given(PHYSNETS, PHYSNETS)
def test_one_name_is_of_one_physnet(one, other):
    hypothesis.assume(one.lower() != other.lower())
    assert names.vf_class(one) != names.vf_class(other)
    assert (names.physnet_trait(names.vf_class(one))
            != names.physnet_trait(names.vf_class(other)))


# None is a class of all VFs.
MODES = st.sampled_from((None, 'legacy', 'switchdev'))
# What looks like the class of another mode or physnet.
TRICKY = st.one_of(
    PHYSNETS, st.none(),
    st.sampled_from(('legacy', 'switchdev', 'switchdev_', 'mode_legacy_a',
                     'legacy__tunnelled', '_legacy')),
    ALIKE.map(lambda text: f'switchdev_{text}'),
    ALIKE.map(lambda text: names.mode_class('legacy', text)[13:].lower()))


def name_of(mode, physnet):
    return (names.mode_class(mode, physnet) if mode
            else names.vf_class(physnet))


@hypothesis.settings(max_examples=1000)
@hypothesis.given(MODES, TRICKY, MODES, TRICKY)
def test_one_class_is_of_one_mode_of_one_physnet(mode, one, other_mode,
                                                 other):
    hypothesis.assume((mode, one and one.lower())
                      != (other_mode, other and other.lower()))
    assert name_of(mode, one) != name_of(other_mode, other)


@hypothesis.settings(max_examples=500)
@hypothesis.given(MODES, TRICKY)
def test_a_class_is_known_for_what_it_is(mode, physnet):
    name = name_of(mode, physnet)
    assert re.fullmatch('CUSTOM_[A-Z0-9_]+', name)
    assert len(name) <= 255
    assert names.counts_vfs(name)
    assert names.is_mode_class(name) is bool(mode)
    assert names.is_vf_class(name) is not bool(mode)


@hypothesis.settings(max_examples=500)
@hypothesis.given(PHYSNETS)
def test_no_physnet_is_named_as_tunnelled_networks(physnet):
    assert names.vf_class(physnet) != names.vf_class(None)
    assert re.fullmatch('CUSTOM_[A-Z0-9_]+', names.vf_class(None))


@hypothesis.settings(max_examples=500)
@hypothesis.given(PHYSNETS)
def test_physnets_that_nova_takes_for_the_same_are_one(physnet):
    """It compares tags without case: VFs that device_spec lists for
    "Physnet2" serve ports of "physnet2"."""
    for other in (physnet.upper(), physnet.title()):
        if utils.pci_device_prop_match(
                {'physical_network': physnet}, [{'physical_network': other}]):
            assert names.vf_class(physnet) == names.vf_class(other)


@hypothesis.settings(max_examples=500)
@hypothesis.given(PHYSNETS)
def test_placement_takes_it(physnet):
    """Its JSON schema: placement/schemas/resource_class.py."""
    name = names.vf_class(physnet)
    for found in (name, names.physnet_trait(name)):
        assert re.fullmatch('CUSTOM_[A-Z0-9_]+', found)
        assert len(found) <= 255
    assert names.is_vf_class(name)


@hypothesis.given(PLAIN)
def test_a_plain_physnet_is_named_as_openstack_would(physnet):
    name = names.vf_class(physnet)
    assert name == os_resource_classes.normalize_name(f'sriov_vf_{physnet}')
    assert names.physnet_trait(name) == os_resource_classes.normalize_name(
        f'physnet_{physnet}')


@pytest.mark.parametrize('physnet, suffix', [
    ('physnet2', 'PHYSNET2'),
    ('Physnet2', 'PHYSNET2'),
    ('physnet2_bf6bf23049e9f673',
     'PHYSNET2_BF6BF23049E9F673_1C5BB5B3B6116313'),
    (None, '_TUNNELLED'),
    ('net 1', 'NET_1_D48CF33EEA5FF552'),
    ('net--1', 'NET_1_3B97A832657C2831'),
    ('a' * 239, 'A' * 239),
    ('a' * 240, f'{"A" * 222}_9B3043905CA79556'),
])
def test_a_physnet_keeps_its_name_in_every_release(physnet, suffix):
    """They stay: another name is another class to all servers there are."""
    assert names.vf_class(physnet) == f'CUSTOM_SRIOV_VF_{suffix}'
    trait = names.physnet_trait(names.vf_class(physnet))
    assert trait == f'CUSTOM_PHYSNET_{suffix}'
    assert names.is_physnet_trait(trait)


@pytest.mark.parametrize('name', [
    'CUSTOM_RACK_3', names.SWITCHDEV_TRAIT, names.LAG_TRAIT,
    names.vf_class('physnet2')])
def test_other_traits_are_not_of_a_physnet(name):
    assert not names.is_physnet_trait(name)


@pytest.mark.parametrize('mode, physnet, expected', [
    ('switchdev', 'physnet2', 'SWITCHDEV_PHYSNET2'),
    ('legacy', 'Physnet2', 'LEGACY_PHYSNET2'),
    ('legacy', None, 'LEGACY__TUNNELLED'),
    ('switchdev', 'net 1', 'SWITCHDEV_NET_1_D48CF33EEA5FF552'),
    ('switchdev', 'a' * 227, f'SWITCHDEV_{"A" * 227}'),
    ('switchdev', 'a' * 228, f'SWITCHDEV_{"A" * 210}_CD35CB949DAE6E1A'),
    ('legacy', 'a' * 228, f'LEGACY_{"A" * 228}')])
def test_a_mode_keeps_its_name_in_every_release(mode, physnet, expected):
    assert names.mode_class(mode, physnet) == f'CUSTOM_SRIOV_MODE_{expected}'


def test_all_of_some_modes():
    assert names.mode_classes(frozenset([
        ('a', 'legacy'), (None, 'switchdev')])) == {
            'CUSTOM_SRIOV_MODE_LEGACY_A',
            'CUSTOM_SRIOV_MODE_SWITCHDEV__TUNNELLED'}


@pytest.mark.parametrize('name', [
    'VCPU', 'CUSTOM_RACK_3', names.SWITCHDEV_TRAIT, names.LAG_TRAIT,
    names.physnet_trait(names.vf_class('a')), 'XCUSTOM_SRIOV_VF_A'])
def test_other_names_are_no_classes_of_vfs(name):
    assert not names.counts_vfs(name)
