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

"""neutron-openvswitch-agent on the userspace datapath: python -m … OPTIONS

That one stands for the kernel's here. Neutron, if it knew of it, would take it
for OVS-DPDK, where a VF's representor is not a netdev. So the agent thinks
that its bridges are of the kernel's datapath, and only what it writes into
their rows is replaced.
"""

from unittest import mock

from neutron.cmd.agents import ovs_neutron_agent
from ovsdbapp.schema.open_vswitch import impl_idl

_add_bridge = impl_idl.OvsdbIdl.add_br


def add_bridge(api, name, may_exist=True, datapath_type=None):
    return _add_bridge(api, name, may_exist, 'netdev')


def main():
    with mock.patch.object(impl_idl.OvsdbIdl, 'add_br', add_bridge):
        ovs_neutron_agent.main()


if __name__ == '__main__':
    main()
