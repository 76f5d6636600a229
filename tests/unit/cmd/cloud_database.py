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

"""Makes the databases of a cloud: two cells, hosts with and without reports.

    python -m tests.unit.cmd.cloud_database FOLDER

A process of its own: Nova's database code keeps its connections in globals.
It leaves FOLDER/nova.conf.
"""

import datetime
import os
import pathlib
import sys

POOL = {'vendor_id': '15b3', 'product_id': '101e', 'numa_node': 0,
        'dev_type': 'type-VF', 'remote_managed': 'false'}
REPORT = ('{"version":1,"pfs":['
          '{"pf":"0000:03:00.0","physnet":"physnet1","mode":"legacy",'
          '"vfs":8},'
          '{"pf":"0000:04:00.0","physnet":"physnet1","mode":"switchdev",'
          '"vfs":4}]}')
UNKNOWN = ('{"version":1,"pfs":[{"pf":"0000:03:00.0","physnet":"physnet2",'
           '"mode":"unknown","vfs":4}]}')

# cell -> host -> (stats, pools)
HOSTS = {
    'cell1': {
        'compute1': ({'sriov_capacity': REPORT}, [
            POOL | {'physical_network': 'physnet1', 'count': 5,
                    'address': '0000:03:00.0'},
            POOL | {'physical_network': 'physnet1', 'count': 0,
                    'address': '0000:04:00.0'}]),
        'compute2': ({}, [
            POOL | {'physical_network': 'physnet2', 'count': 2,
                    'address': '0000:03:00.0'}]),
    },
    'cell2': {
        # The same name in two cells, and a report that knows no mode.
        'compute2': ({'sriov_capacity': UNKNOWN}, []),
        'compute3': ({'sriov_capacity': UNKNOWN[:20]}, []),
        'stock1': ({'num_instances': '0'}, [
            POOL | {'physical_network': 'physnet2', 'count': 3,
                    'address': '0000:03:00.0'},
            POOL | {'physical_network': None, 'count': 6,
                    'address': '0000:04:00.0'},
            POOL | {'count': 7, 'address': '0000:05:00.0'}]),
    },
}

# (cell, host) -> what its nova-compute service is beside enabled and up.
LONG_AGO = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
SERVICES = {
    ('cell1', 'compute1'): {},
    ('cell1', 'compute2'): {'disabled': True, 'disabled_reason': 'new NIC'},
    ('cell2', 'compute2'): {'last_seen_up': LONG_AGO},
    ('cell2', 'stock1'): {},
}
FLAVORS = {
    'plain': {},
    'three': {'pci_passthrough:alias': 'cx6:3'},
}

# A test takes longer than a service may be silent.
NOVA_CONF = """\
[DEFAULT]
transport_url = fake://
service_down_time = 86400
[pci]
alias = {{"name": "cx6", "vendor_id": "15b3", "product_id": "101e",
    "device_type": "type-VF"}}
[api_database]
connection = sqlite:///{folder}/api.db
[database]
connection = sqlite:///{folder}/cell1.db
"""


def make(folder):
    """:returns: path of a nova.conf"""
    os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
    from nova import monkey_patch
    monkey_patch.patch()
    from nova import config
    from nova import context
    from nova import objects
    from nova.db import migration
    from oslo_utils import uuidutils

    nova_conf = folder / 'nova.conf'
    nova_conf.write_text(NOVA_CONF.format(folder=folder))
    config.parse_args(['test', '--config-file', str(nova_conf)])
    objects.register_all()
    migration.db_sync(database='api')
    admin = context.get_admin_context()
    for name, extra_specs in FLAVORS.items():
        objects.Flavor(
            admin, name=name, flavorid=f'id-{name}', memory_mb=1, vcpus=1,
            root_gb=1, ephemeral_gb=0, swap=0, rxtx_factor=1.0,
            is_public=True, extra_specs=extra_specs).create()
    for name, hosts in HOSTS.items():
        cell = objects.CellMapping(
            context=admin, uuid=uuidutils.generate_uuid(), name=name,
            transport_url='fake://', disabled=False,
            database_connection=f'sqlite:///{folder}/{name}.db')
        cell.create()
        with context.target_cell(admin, cell) as cctxt:
            migration.db_sync(database='main', context=cctxt)
            for host, (stats, pools) in hosts.items():
                _compute_node(cctxt, host, stats, pools).create()
                if (name, host) in SERVICES:
                    _create_service(cctxt, host, SERVICES[name, host])
    return nova_conf


def _create_service(cctxt, host, values):
    from nova import objects
    service = objects.Service(cctxt, host=host, binary='nova-compute',
                              topic='compute', disabled=False)
    service.create()
    for key, value in values.items():
        setattr(service, key, value)
    service.save()


def _compute_node(cctxt, host, stats, pools):
    from nova import objects
    from nova.objects import pci_device_pool
    from oslo_utils import uuidutils
    return objects.ComputeNode(
        context=cctxt, host=host, hypervisor_hostname=host,
        uuid=uuidutils.generate_uuid(), vcpus=4, vcpus_used=0,
        memory_mb=1024, memory_mb_used=0, local_gb=10, local_gb_used=0,
        free_disk_gb=10, free_ram_mb=1024, cpu_info='{}',
        hypervisor_type='QEMU', hypervisor_version=1, current_workload=0,
        running_vms=0, supported_hv_specs=[], stats=stats,
        pci_device_pools=objects.PciDevicePoolList(objects=[
            pci_device_pool.PciDevicePool.from_dict(p) for p in pools]))


if __name__ == '__main__':
    print(make(pathlib.Path(sys.argv[1])))
