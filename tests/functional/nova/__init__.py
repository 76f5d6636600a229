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
