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

"""Nova's own functional tests, with this project in place of the stock
driver, claim and filter.

Run by stestr (``tox -e nova-tests``); the tests are those that the nova wheel
carries, unchanged. ``modules`` says which, ``in_place`` how, ``exclude.txt``
which of them cannot hold and why, ``ci.txt`` which are run at every change.
"""

import os

os.environ.setdefault('OS_NOVA_DISABLE_EVENTLET_PATCHING', 'true')

# First of all of Nova: it patches at import.
import nova.tests.functional  # noqa: E402, F401
