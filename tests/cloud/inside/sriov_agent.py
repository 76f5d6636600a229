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

"""neutron-sriov-nic-agent on a simulated card: python -m … FOLDER OPTIONS

Only the kernel's list of a PF's VFs is replaced, by that in the FOLDER of the
host (tests.sim.vfs): a veth that stands for a PF has none. What the agent
reads below /sys, and all that it reports to Neutron, is real.
"""

import sys
from unittest import mock

from neutron.agent.linux import ip_lib
from neutron.plugins.ml2.drivers.mech_sriov.agent import sriov_nic_agent

from tests.sim import vfs

NO_RATE = {'min_tx_rate': 0, 'max_tx_rate': 0}


def main():
    table = vfs.Vfs(sys.argv[1])
    sys.argv = ['neutron-sriov-nic-agent', *sys.argv[2:]]

    def get_vfs(link):
        # As neutron.privileged.agent.linux.ip_lib.get_link_vfs has them.
        return {number: {**vf, **vf['rate']}
                for number, vf in table.of(link.name).items()}

    def set_vf_feature(link, settings):
        settings = dict(settings)
        if 'rate' in settings:    # pyroute2 fills in what is missing
            settings['rate'] = {**NO_RATE, **settings['rate']}
        table.set(link.name, settings.pop('vf'), settings)

    with mock.patch.multiple(ip_lib.IpLinkCommand, get_vfs=get_vfs,
                             set_vf_feature=set_vf_feature):
        sriov_nic_agent.main()


if __name__ == '__main__':
    main()
