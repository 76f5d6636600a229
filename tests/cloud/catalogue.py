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
