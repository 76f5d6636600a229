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

"""The table of what Nova calls private, against the Nova that is here."""

import inspect
import logging
import pkgutil

from nova import objects
from nova.compute import provider_tree
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext import claim
from nova_sriov_ext import nova_compat
from nova_sriov_ext.claim import arrivals
from nova_sriov_ext.claim import stats
from nova_sriov_ext.claim import tracker
from nova_sriov_ext.placement import provider
from nova_sriov_ext.scheduler import host_records
from nova_sriov_ext.virt.libvirt import driver
from nova_sriov_ext.virt.libvirt import owner
from nova_sriov_ext.virt.libvirt import vif

USES = [(part, use) for part in nova_compat.PARTS for use in part.uses]
IDS = [f'{part.title}-{use.name}' for part, use in USES]
# Classes of this project whose base is Nova's.
HEIRS = (tracker.AssigningTracker, stats.ComputePciStats,
         host_records.HostRecord,
         driver.SriovLibvirtDriver, vif.SriovVIFDriver)


@pytest.mark.parametrize('part', nova_compat.PARTS, ids=lambda p: p.title)
def test_the_nova_that_is_here_is_what_each_part_was_written_for(part):
    assert part.differences() == []
    assert nova_compat.works(part)


@pytest.mark.parametrize('part, use', USES, ids=IDS)
def test_a_row_sees_what_is_gone(monkeypatch, caplog, part, use):
    owner_name, _, name = use.name.rpartition('.')
    there = stock(pkgutil.resolve_name(owner_name))
    if name in vars(there):
        monkeypatch.delattr(there, name)
    else:      # inherited, as object.__init__ would be then
        monkeypatch.setattr(there, name, None)
    with caplog.at_level(logging.ERROR):
        assert not nova_compat.works(part)
    assert f'{part.title} is turned off. {part.instead}' in caplog.text
    assert f'{use.name} does not' in caplog.text


@pytest.mark.parametrize('part, use', USES, ids=IDS)
def test_a_row_sees_what_has_changed(monkeypatch, part, use):
    owner_name, _, name = use.name.rpartition('.')
    monkeypatch.setattr(stock(pkgutil.resolve_name(owner_name)), name,
                        lambda self, another_parameter: None)
    assert [one for one in part.differences() if use.name in one]


def stock(found):
    is_ours = inspect.isclass(found) and found.__module__.startswith(
        'nova_sriov_ext')
    return found.__base__ if is_ours else found


def test_what_a_test_of_nova_puts_there_takes_anything(monkeypatch):
    monkeypatch.setattr(
        'nova.virt.libvirt.vif.LibvirtGenericVIFDriver._plug_os_vif',
        lambda *args, **kwargs: None)
    assert nova_compat.VIFS.differences() == []


@pytest.mark.parametrize('release, expected', [
    (33, 'a'), (34, 'a'), (35, 'a'), (36, 'a b'), (99, 'a b')])
def test_parameters_by_release(release, expected):
    use = nova_compat.Use(nova_compat.CALLS, 'nova.context.x',
                          {34: 'a', 36: 'a b'})
    assert use.expected(release) == expected


@pytest.mark.parametrize('heir', HEIRS, ids=lambda heir: heir.__name__)
def test_every_private_function_that_is_overridden_has_a_row(heir):
    listed = {use.name.rpartition('.')[2] for _, use in USES}
    own = {name for ours in heir.__mro__
           if ours.__module__.startswith('nova_sriov_ext')
           for name in vars(ours) if not name.startswith('__')}
    novas = {name for base in heir.__mro__
             if base.__module__.startswith('nova.')
             for name, value in vars(base).items()
             if name.startswith('_') and not name.startswith('__')
             and inspect.isfunction(value)}
    assert own & novas <= listed


class Api:
    """In place of ComputeVirtAPI; :ivar used: names of what was wanted"""

    def __init__(self):
        self.used = []

    def __getattr__(self, name):
        self.used.append(name)
        raise AttributeError(name)


@pytest.fixture
def changed(monkeypatch):
    """nova-compute keeps its tracker in another place."""
    def init(self, compute):
        pass
    monkeypatch.setattr('nova.compute.manager.ComputeVirtAPI.__init__', init)


def test_without_the_tracker_nobody_is_known_to_own_a_vf(changed):
    api = Api()
    server = objects.Instance(uuid=uuids.server)
    assert owner.Owners(api).other(server, '0000:03:00.2') is None
    assert api.used == []


def test_without_the_tracker_nothing_arrives(changed):
    api = Api()
    found = arrivals.Arrivals(api)
    found.begin(None, None, None)
    found.claimed(None)
    assert api.used == []


def test_without_the_tracker_nothing_is_published(conf, changed):
    conf.config(group='sriov', claim_in_placement=True)
    found = provider.Provider(Api())
    assert not found.is_published('node')
    tree = provider_tree.ProviderTree()
    tree.new_root('node', uuids.node)
    before = {'CUSTOM_SRIOV_VF_A': {'total': 2}}
    found.update(tree, 'node', before=before, rows=())
    assert tree.data('node').inventory == before
    assert not tree.data('node').traits


def test_an_unknown_claim_is_not_loaded(conf, monkeypatch):
    conf.config(group='sriov', claim_policy='assign')
    monkeypatch.delattr('nova.compute.claims.Claim._claim_test')
    assert claim.install() is None
