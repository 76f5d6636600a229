"""Through Nova's own services, in this process.

API, conductor, scheduler, compute and Placement are real; libvirt, Neutron
and Glance are the fixtures that the nova wheel ships.
"""

import os

# With eventlet's patches the services of one process wait for each other for
# ever under pytest; native threads are Nova's future anyway.
os.environ.setdefault('OS_NOVA_DISABLE_EVENTLET_PATCHING', 'true')

# First of all of Nova: it patches at import. Without it even Nova's own
# detach tests fail.
import nova.tests.functional  # noqa: F401
