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

"""This host: its Open vSwitch on the kernel's datapath, and os-vif on it.

The same interface as tests.lab.compute.Compute has of a simulated one.
"""

import contextlib
import io
import json
import multiprocessing
import tempfile

from nova_sriov_ext.cmd import shell
from os_vif_vflag.host.host import Host
from tests.hwlab.checks import kernel
from tests.lab import compute
from tests.lab import ovs
from tests.sim import inside

PATIENCE = 300
ovs.TIMEOUT = 120
# Children have what this process has imported: under emulation Nova alone
# takes half a minute.
inside._context = multiprocessing.get_context('fork')


class KernelOvs(ovs.Ovs):
    """Open vSwitch with the kernel's datapath and hardware offload."""

    def start(self, daemon):
        if daemon == ovs.VSWITCHD:
            self.vsctl('--no-wait', 'set', 'Open_vSwitch', '.',
                       'other_config:hw-offload=true')
        super().start(daemon)

    def add_bridge(self, name):
        self.vsctl('add-br', name)

    def appctl(self, *command):
        """What ovs-vswitchd answers."""
        answer = self._appctl(ovs.VSWITCHD, *command)
        print(f'$ ovs-appctl {" ".join(command)}\n{answer}')
        return answer

    def _arguments(self, daemon):
        return ([ovs.VSWITCHD, self.connection] if daemon == ovs.VSWITCHD
                else super()._arguments(daemon))


class HwCompute(compute.Compute):
    """:ivar options: of os-vif's plugins"""

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.ovs = stack.enter_context(KernelOvs())
            self.ovs.add_bridge('br-int')
            self._stack = stack.pop_all()
        connection = {'ovsdb_connection': self.ovs.connection}
        self.options = {
            'os_vif_vflag': {**connection, 'ovsdb_timeout': 60},
            'os_vif_ovs': {**connection, 'ovs_vsctl_timeout': 60}}
        return self

    def call(self, function, *args, timeout=PATIENCE):
        return inside.call(function, self.options, *args, timeout=timeout)

    def representor(self, vf):
        pf, number = Host().vf(vf)
        return kernel.representors(pf)[number]

    def netdev(self, name):
        link = kernel.links()[name]
        return 'up' if 'UP' in link['flags'] else 'down', link['mtu']

    def show(self, *words):
        """Rows of ``nova-sriov host show``."""
        outcome = inside.call(_show, self.options, words, timeout=PATIENCE)
        text = outcome.result()
        print(f'$ nova-sriov host show {" ".join(words)}\n{text}')
        return json.loads(text)


def _show(options, words):
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
        file.write(
            '[pci]\ndevice_spec = {"vendor_id": "8086", "product_id": "10ca",'
            ' "physical_network": "physnet0"}\n[os_vif_vflag]\n'
            f'ovsdb_connection = {options["os_vif_vflag"]["ovsdb_connection"]}'
            '\n')
        file.flush()
        out = io.StringIO()
        app = shell.Shell()
        app.stdout = out
        with contextlib.redirect_stdout(out):
            status = app.run(['--config-file', file.name, 'host', 'show',
                              *words, '-f', 'json'])
    assert status == 0
    return out.getvalue()
