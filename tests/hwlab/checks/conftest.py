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

"""What the checks share, and the lines that they become.

They run in the guest, as root, one after the other, on a host with two real
cards; each leaves it as it found it.
"""

import json
import pathlib
import re

from nova import objects
import nova.conf
import pytest
from vif_plug_ovs import privsep as stock_privsep

from os_vif_vflag.privileged import calls
from tests.hwlab.checks import host as host_mod
from tests.hwlab.checks import kernel
from tests.unit.virt import vifs

ORDER = ('facts', 'look_up', 'vf_settings', 'plug', 'privileges', 'lag',
         'domains', 'benchmark')
RESULTS = pathlib.Path('/lab/results')


def pytest_configure():
    """As nova-compute starts, without a nova.conf, and as root."""
    nova.conf.CONF([], project='nova', default_config_files=[],
                   default_config_dirs=[])
    # Nova's database has nothing of the servers here.
    objects.PciDeviceList.get_by_instance_uuid = (
        lambda context, uuid: vifs.recorded())
    for context in (calls.vif_plug, stock_privsep.vif_plug):
        context.set_client_mode(False)


def pytest_collection_modifyitems(items):
    """What others build on comes first."""
    items.sort(key=lambda item: ORDER.index(item.module.__name__[
        len('tests.hwlab.checks.test_'):]))


def pytest_itemcollected(item):
    """The docstring's first line is the name of a check."""
    text = (item.obj.__doc__ or item.name).strip().splitlines()[0]
    case = item.name.partition('[')[2]
    item.user_properties.append(
        ('check', text.rstrip('.') + (f' [{case}' if case else '')))


def pytest_runtest_logreport(report):
    """One line for each check, and its evidence in a file."""
    if report.when != 'call' and report.passed:
        return
    check = dict(report.user_properties)['check']
    name = re.sub(r'\W+', '-', report.nodeid.rpartition('/')[2])
    with (RESULTS / f'{name}.txt').open('a') as file:
        file.write(f'{check}\n\n{report.capstdout}\n{report.capstderr}\n'
                   f'{report.caplog}\n{report.longreprtext}\n')
    with (RESULTS / 'table').open('a') as file:
        file.write(json.dumps({
            'check': check, 'seconds': report.duration,
            'passed': not report.failed, 'why': _why(report)}) + '\n')


def _why(report):
    crash = getattr(report.longrepr, 'reprcrash', None)
    text = crash.message if crash else report.longreprtext
    return ' '.join(text.split())[:300]


@pytest.fixture(scope='session')
def igb():
    """The card with igb's own driver: four VFs with netdevs.

    :returns: its PCI address
    """
    kernel.set_vfs(kernel.IGB, 4)
    kernel.run('ip', 'link', 'set', kernel.uplink(kernel.IGB), 'up')
    return kernel.IGB


@pytest.fixture(scope='session')
def card():
    """The card of netdevsim: two PFs in switchdev mode, three unbound VFs
    each.

    :returns: their PCI addresses
    """
    for pf in kernel.CARD:
        kernel.bind(pf, 'netdevsim')
        (kernel.PCI / pf / 'sriov_drivers_autoprobe').write_text('0')
        kernel.set_vfs(pf, 3)
        kernel.set_mode(pf, 'switchdev')
        # libvirt gives no VF of a PF that is down to a guest.
        kernel.run('ip', 'link', 'set', kernel.uplink(pf), 'up')
    return kernel.CARD


@pytest.fixture(scope='session')
def host():
    """This host with an Open vSwitch of its own."""
    with host_mod.HwCompute() as found:
        yield found
