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

"""Checks in the guest; see conftest.py."""

from nova_sriov_ext.cmd import nova_conf

# Before anything loads eventlet, which nova-sriov does without.
nova_conf.choose_threads()

from nova import objects  # noqa: E402
import os_vif.objects  # noqa: E402

# Before modules that make some.
objects.register_all()
os_vif.objects.register_all()
