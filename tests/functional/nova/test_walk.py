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

"""A random walk; SRIOV_WALK_STEPS and SRIOV_WALK_SEED choose another."""

import math
import os

import hypothesis
from hypothesis import stateful
import pytest

from tests.functional.nova.walk import machine

STEPS = int(os.environ.get('SRIOV_WALK_STEPS', '196'))
SEED = int(os.environ.get('SRIOV_WALK_SEED', '2'))
# Of one cloud.
_LENGTH = 49


@pytest.mark.skipif(
    not STEPS, reason='SRIOV_WALK_STEPS is 0')
def test_a_random_walk_through_the_api():
    print(f'{STEPS} steps, seed {SEED}')
    stateful.run_state_machine_as_test(
        hypothesis.seed(SEED)(machine.Walk),
        settings=hypothesis.settings(
            # Hypothesis' first is the simplest, without a cloud.
            max_examples=math.ceil(STEPS / _LENGTH) + 1,
            # The start of the cloud is one, too.
            stateful_step_count=_LENGTH + 1,
            deadline=None, database=None,
            # Each look at a smaller example would be another cloud.
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck)))
    print(machine.Walk.done)
    assert machine.Walk.done.total() >= STEPS
