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

"""Fixtures for tests on real services."""

import contextlib
import importlib.metadata

import pytest

from tests.lab import compute as lab
from tests.lab import ovs


@pytest.fixture
def compute():
    """A function: cards -> tests.lab.compute.Compute that runs."""
    with _computes() as start:
        yield start


@pytest.fixture(scope='module')
def lasting_compute():
    """The same for tests of a file that leave the host as they found it."""
    with _computes() as start:
        yield start


@contextlib.contextmanager
def _computes():
    if ovs.why_not():
        pytest.skip(ovs.why_not())
    plugins = importlib.metadata.entry_points(group='os_vif')
    assert 'vflag' in plugins.names, (
        'the package is not installed: run "tox -e functional"')
    with contextlib.ExitStack() as stack:
        yield lambda *cards, **options: stack.enter_context(
            lab.Compute(*cards, **options))
