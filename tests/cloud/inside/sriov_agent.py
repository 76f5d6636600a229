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

"""neutron-sriov-nic-agent on a simulated card: python -m … VFS OPTIONS

Only the kernel's list of a PF's VFs is replaced, by the file VFS
(hardware.py): a veth that stands for a PF has none. What the agent reads
below /sys, and all that it reports to Neutron, is real.
"""

import json
import pathlib
import sys
from unittest import mock

from neutron.agent.linux import ip_lib
from neutron.plugins.ml2.drivers.mech_sriov.agent import sriov_nic_agent


def main():
    path = pathlib.Path(sys.argv[1])
    sys.argv = ['neutron-sriov-nic-agent', *sys.argv[2:]]

    def get_vfs(link):
        vfs = json.loads(path.read_text()).get(link.name, {})
        return {int(number): vf for number, vf in vfs.items()}

    with (mock.patch.object(ip_lib.IpLinkCommand, 'get_vfs', get_vfs),
          mock.patch.object(ip_lib.IpLinkCommand, 'set_vf_feature')):
        sriov_nic_agent.main()


if __name__ == '__main__':
    main()
