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

"""Two attributes of Nova are replaced, and none where Nova is another."""

import inspect
import json
import logging
import os
import pathlib
import subprocess
import sys

from nova.compute import claims
from nova.compute import resource_tracker
from nova.compute import utils
from nova.pci import manager
from nova.pci import stats
import pytest

from nova_sriov_ext import claim
from nova_sriov_ext.claim import tracker
from nova_sriov_ext.claim import trial

UPDATE = 'update_pci_request_with_placement_allocations'
ROOT = pathlib.Path(__file__).parents[3]

# Everything in every module and class of Nova that nova-compute has loaded,
# before this project is loaded and after its driver was made.
COMPARE = """
import inspect, json, sys
import nova.monkey_patch
nova.monkey_patch.patch()
import nova.cmd.compute, nova.compute.manager, nova.virt.libvirt.driver
import nova.conf
from nova.virt import driver

def attributes():
    return {f'{name}.{key}': value for name, owner in OWNERS
            for key, value in vars(owner).items()
            if not inspect.ismodule(value)}

MODULES = [(name, module) for name, module in sys.modules.items()
           if name.split('.')[0] == 'nova']
OWNERS = MODULES + [
    (f'{name}.{key}', value) for name, module in MODULES
    for key, value in vars(module).items()
    if inspect.isclass(value) and value.__module__ == name]
before = attributes()
nova.conf.CONF([], project='nova', default_config_files=sys.argv[1:])
driver.load_compute_driver(None, 'sriov_ext.SriovLibvirtDriver')
after = attributes()
print(json.dumps(sorted(
    name for name in before.keys() | after.keys()
    if before.get(name) is not after.get(name))))
"""


def replaced(tmp_path, policy):
    """:returns: list of the attributes of Nova that are other ones after the
        driver was loaded in a process of its own"""
    (tmp_path / 'nova.conf').write_text(
        f'[sriov]\nclaim_policy = {policy}\n')
    done = subprocess.run(
        [sys.executable, '-c', COMPARE, str(tmp_path / 'nova.conf')],
        env=os.environ | {'PYTHONPATH': str(ROOT),
                          'OS_NOVA_DISABLE_EVENTLET_PATCHING': 'true'},
        timeout=120, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize('policy, attributes', [
    ('stock', []), ('assign', [
        'nova.compute.claims.Claim._claim_test',
        'nova.compute.utils.update_pci_request_with_placement_allocations',
        'nova.pci.manager.PciDevTracker'])])
def test_what_is_replaced(tmp_path, policy, attributes):
    assert replaced(tmp_path, policy) == attributes


@pytest.fixture
def stock(monkeypatch):
    """Nova's own in their places, as before any driver was loaded."""
    monkeypatch.setattr(claims.Claim, '_claim_test', trial.STOCK)
    monkeypatch.setattr(manager, 'PciDevTracker',
                        tracker.AssigningTracker.__base__)
    monkeypatch.setattr(utils, UPDATE, getattr(utils, UPDATE))
    return manager.PciDevTracker


def test_the_resource_tracker_finds_it(conf, stock):
    conf.config(group='sriov', claim_policy='assign')
    novas = getattr(utils, UPDATE)
    assert claim.install() == 'assign'
    assert (resource_tracker.pci_manager.PciDevTracker
            is tracker.AssigningTracker)
    update = getattr(utils, UPDATE)
    assert update is not novas and inspect.unwrap(update) is novas
    assert claims.Claim._claim_test is trial.claim_test
    # Once more, as when two computes run in one process.
    assert claim.install() == 'assign'
    assert getattr(utils, UPDATE) is update


def _renamed(monkeypatch):
    monkeypatch.delattr(stats.PciDeviceStats, '_filter_pools')


def _another_parameter(monkeypatch):
    monkeypatch.setattr(stats.PciDeviceStats, 'consume_requests',
                        lambda self, pci_requests, numa_cells, spread: None)


def _no_longer_called(monkeypatch):
    def claim(self, context, pci_requests, instance_numa_topology):
        return []
    monkeypatch.setattr(tracker.AssigningTracker.__base__, '_claim_instance',
                        claim)


def _another_update(monkeypatch):
    monkeypatch.setattr(utils, UPDATE, lambda context, requests: None)


def _no_update(monkeypatch):
    monkeypatch.delattr(utils, UPDATE)


def _no_longer_updated(monkeypatch):
    def build(self, context):
        return self.rt.instance_claim(context)
    monkeypatch.setattr(
        'nova.compute.manager.ComputeManager._build_and_run_instance', build)


def _tested_elsewhere(monkeypatch):
    monkeypatch.delattr(claims.Claim, '_claim_test')


def _moved(monkeypatch):
    monkeypatch.setitem(sys.modules, 'nova.pci.stats', None)
    monkeypatch.delattr('nova.pci.stats')


def _someone_elses(monkeypatch):
    monkeypatch.setattr(manager, 'PciDevTracker',
                        type('Other', (manager.PciDevTracker,), {}))


@pytest.mark.parametrize('drift, words', [
    (_renamed, 'PciDeviceStats._filter_pools does not take pools request'),
    (_another_parameter, 'PciDeviceStats.consume_requests does not take'),
    (_no_longer_called,
     'PciDevTracker._claim_instance does not use consume_requests'),
    (_another_update, f'nova.compute.utils.{UPDATE} does not take context '
                      'report_client pci_requests provider_mapping'),
    (_no_update, f'nova.compute.utils.{UPDATE} does not take'),
    (_no_longer_updated, 'ComputeManager._build_and_run_instance does not '
                         f'use {UPDATE}'),
    (_tested_elsewhere, 'Claim._claim_test does not take compute_node'),
    (_moved, 'PciDeviceStats._filter_pools does not take'),
    (_someone_elses, 'Other stands for nova.pci.manager.PciDevTracker')])
def test_drift_leaves_novas_own_claim(
        conf, stock, monkeypatch, caplog, drift, words):
    conf.config(group='sriov', claim_policy='assign')
    drift(monkeypatch)
    there = manager.PciDevTracker
    with caplog.at_level(logging.ERROR):
        assert claim.install() is None
    assert manager.PciDevTracker is there
    assert words in caplog.text
    assert "Nova's own PCI claim stays in place" in caplog.text
