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

"""How all unit tests run: Nova's objects known, hypothesis reproducible."""

import hypothesis
from nova import objects
import nova.conf
import os_vif.objects
from oslo_config import fixture as config_fixture
import pytest

# No deadline: the machines of CI are noisy. The same examples every time:
# whether a change passes must not depend on the day.
hypothesis.settings.register_profile(
    'unit', deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile('unit')

objects.register_all()
os_vif.objects.register_all()


@pytest.fixture
def conf():
    """Nova's options as if a nova.conf without any had been read; what a
    test sets is undone after it."""
    with config_fixture.Config(nova.conf.CONF) as fixture:
        fixture.conf([], project='nova', default_config_files=[],
                     default_config_dirs=[])
        yield fixture
