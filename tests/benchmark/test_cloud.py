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

"""Nova's whole scheduler over a cloud, with stock's filter and with ours.

Each column of the table has the same hosts and the same requests, drawn by a
seed. No test of speed; tests/functional/nova/test_cloud.py has a small cloud
and looks at what comes of the requests.
"""

import os

import pytest

from tests.benchmark.cloud import replay

HOSTS = int(os.environ.get('SRIOV_CLOUD_HOSTS', 10000))
WITH_VFS = int(os.environ.get('SRIOV_CLOUD_WITH_VFS', HOSTS // 100))
REQUESTS = int(os.environ.get('SRIOV_CLOUD_REQUESTS', 60))
SEED = int(os.environ.get('SRIOV_CLOUD_SEED', 1))


@pytest.mark.parametrize('column', replay.COLUMNS)
def test_cloud(column, cloud_results, nova_files, progress):
    found = replay.column(
        column, HOSTS, WITH_VFS, REQUESTS, SEED,
        lambda number: progress(f'{number} of {REQUESTS} requests'))
    cloud_results[column] = found
    assert found.requests.total() == REQUESTS
