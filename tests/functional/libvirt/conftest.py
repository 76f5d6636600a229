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

"""A libvirtd for the tests here, and what get_config reads of Nova."""

# Before other Nova modules: it keeps eventlet out, which Nova's own
# functional tests, in the same run, refuse to find imported.
import nova.tests.functional  # noqa: F401, I001
import libvirt
import pytest

from tests.lab import libvirtd as lab
from tests.unit.conftest import conf  # noqa: F401
from tests.unit.virt.conftest import database  # noqa: F401
from tests.unit.virt.conftest import driver  # noqa: F401
from tests.unit.virt.conftest import netdevs  # noqa: F401


@pytest.fixture(scope='session')
def qemu():
    """:returns: libvirt.virConnect to the QEMU driver"""
    if lab.why_not():
        pytest.skip(lab.why_not())
    with lab.Libvirtd() as daemon:
        connection = libvirt.open(daemon.uri)
        yield connection
        connection.close()
