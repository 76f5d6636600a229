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

"""The wheel: what is in it, and that Nova finds the driver that it brings.

The driver stands in Nova's name space (``nova.virt.sriov_ext``), yet Nova's
own packages must stay Nova's: a wheel with ``nova/__init__.py`` would replace
or hide them.
"""

import importlib.metadata
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import nova
import pytest

ROOT = pathlib.Path(__file__).parents[2]
OURS = ('nova', 'nova_sriov_ext', 'os_vif_vflag')
FILES = ('setup.cfg', 'pyproject.toml', 'README.rst', 'LICENSE')

BUILD = """
import os, sys
from setuptools import build_meta
os.chdir(sys.argv[1])
print(build_meta.build_wheel(sys.argv[2]))
"""

# As nova-compute does it, less the import of nova.cmd; the constructor of
# the driver connects to nothing.
LOAD = """
from nova.virt import driver
print(type(driver.load_compute_driver(None, 'sriov_ext.SriovLibvirtDriver')))
"""
FALL_BACK = """
from nova_sriov_ext.cmd import compute
compute.make_driver_importable()
compute.make_driver_importable()
"""
LOADED = "<class 'nova_sriov_ext.virt.libvirt.driver.SriovLibvirtDriver'>"


def python(code, *words, path=()):
    environment = os.environ | {
        'PYTHONPATH': os.pathsep.join(map(str, path)),
        'OS_NOVA_DISABLE_EVENTLET_PATCHING': 'true'}
    return subprocess.run(
        [sys.executable, '-c', code, *map(str, words)], env=environment,
        cwd='/', timeout=120, capture_output=True, text=True, check=False)


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """:returns: path of a wheel, built from a copy of this tree"""
    pytest.importorskip('setuptools')
    source, built = (tmp_path_factory.mktemp(n) for n in ('source', 'dist'))
    for name in OURS:
        shutil.copytree(ROOT / name, source / name,
                        ignore=shutil.ignore_patterns('__pycache__'))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    done = python(BUILD, source, built)
    assert done.returncode == 0, done.stderr
    found, = built.iterdir()
    return found


@pytest.fixture(scope='module')
def ours(wheel, tmp_path_factory):
    """:returns: a site directory with this project only"""
    folder = tmp_path_factory.mktemp('ours')
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


@pytest.fixture(scope='module')
def novas(tmp_path_factory):
    """:returns: a site directory with Nova as it is without this project,
        which may be installed beside the Nova that runs the tests"""
    real = pathlib.Path(nova.__file__).parent
    folder = tmp_path_factory.mktemp('novas')
    (folder / 'nova' / 'virt').mkdir(parents=True)
    for place in ('nova', 'nova/virt'):
        for entry in (real.parent / place).iterdir():
            link = folder / place / entry.name
            if not link.exists() and entry.name != 'sriov_ext':
                link.symlink_to(entry)
    return folder


def test_every_module_is_in_the_wheel_and_that_there_are_types(wheel):
    packed = {name for name in zipfile.ZipFile(wheel).namelist()
              if '.dist-info/' not in name}
    assert packed == {str(path.relative_to(ROOT)) for name in OURS
                      for path in (ROOT / name).rglob('*.py')} | {
        f'{name}/py.typed' for name in ('nova_sriov_ext', 'os_vif_vflag')}


def test_novas_packages_stay_novas(wheel):
    packed = zipfile.ZipFile(wheel).namelist()
    assert [name for name in packed if name.startswith('nova/')] == [
        'nova/virt/sriov_ext/__init__.py']


def test_entry_points(ours):
    found, = importlib.metadata.distributions(path=[str(ours)])
    points = {(p.group, p.name): p for p in found.entry_points}
    assert points.keys() == {
        ('os_vif', 'vflag'),
        ('oslo.config.opts', 'nova_sriov_ext'),
        ('oslo.config.opts', 'os_vif_vflag'),
        ('nova.api.extra_spec_validators', 'sriov'),
        ('console_scripts', 'nova-sriov'),
        ('console_scripts', 'nova-sriov-compute'),
        ('nova_sriov.commands', 'explain'),
        ('nova_sriov.commands', 'capacity_fit'),
        ('nova_sriov.commands', 'capacity_list'),
        ('nova_sriov.commands', 'check'),
        ('nova_sriov.commands', 'host_show'),
        ('nova_sriov.commands', 'placement_purge'),
        ('nova_sriov.commands', 'placement_show'),
        ('nova_sriov.commands', 'vf_list'),
        ('nova_sriov.commands', 'vf_show')}
    for point in points.values():
        # Nova asks a module of validators to register() them.
        loaded = point.load()
        assert callable(getattr(loaded, 'register', loaded))


def test_nova_is_no_requirement(ours):
    """pip must not replace the Nova of a distribution or a deployment."""
    found, = importlib.metadata.distributions(path=[str(ours)])
    names = {line.split('>')[0] for line in found.requires}
    assert 'os-vif' in names
    assert not names & {'nova', 'libvirt-python', 'neutron'}


def test_beside_nova(ours, novas, tmp_path):
    """pip installed both into one directory."""
    both = tmp_path / 'site'
    for folder in (novas, ours):
        shutil.copytree(folder, both, symlinks=True, dirs_exist_ok=True)
    done = python(LOAD, path=[both])
    assert (done.returncode, done.stdout.strip()) == (0, LOADED), done.stderr


@pytest.mark.parametrize('ours_first', [True, False])
def test_away_from_nova(ours, novas, ours_first):
    """A distribution's Nova, and this project in /usr/local."""
    path = [ours, novas] if ours_first else [novas, ours]
    done = python('import nova.virt.sriov_ext', path=path)
    assert "No module named 'nova.virt.sriov_ext'" in done.stderr
    done = python(FALL_BACK + LOAD, path=path)
    assert (done.returncode, done.stdout.strip()) == (0, LOADED), done.stderr
