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

"""What Keystone holds: users and endpoints of the services."""

from tests.cloud import config

SERVICES = {'nova': 'compute', 'glance': 'image', 'neutron': 'network',
            'placement': 'placement'}


def commands():
    """Commands for `openstack`, which reads them from its stdin."""
    lines = ['project create service']
    for user, kind in SERVICES.items():
        lines += [
            f'user create --password {config.PASSWORD} '
            f'--project service {user}',
            f'role add --project service --user {user} admin',
            f'role add --project service --user {user} service',
            f'service create --name {user} {kind}',
            f'endpoint create --region {config.REGION} {kind} public '
            f'{config.endpoint(kind)}',
        ]
    # A port's binding profile belongs to the service role (neutron 29.0.0,
    # neutron/conf/policies/port.py).
    lines.append('role add --project admin --user admin service')
    return lines
