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

"""Who waits for whom while nova-compute starts."""

import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import start
from tests.unit.virt import vifs


@pytest.mark.parametrize('seconds, tried', [(9, 2), (10, 2), (11, 1)])
def test_a_service_that_does_not_answer_is_waited_for_once(
        monkeypatch, caplog, seconds, tried):
    now, attempts = [1000], []

    def plug(instance, vif):
        attempts.append(vif['id'])
        now[0] += seconds
        raise exception.VifOperationFailed(err='no answer')
    monkeypatch.setattr(start.time, 'monotonic', lambda: now[0])
    starting = start.Start(plug)
    starting.begin()
    for _ in range(2):
        starting.plug(vifs.instance(), [vifs.switchdev()])
    assert len(attempts) == tried
    assert ('was not tried' in caplog.text) == (tried == 1)


def test_a_port_that_neutron_could_not_bind():
    """Nova sets that server to ERROR, as without us."""
    def plug(instance, vif):
        raise exception.exception.VirtualInterfacePlugException('unbound')
    starting = start.Start(plug)
    starting.begin()
    with pytest.raises(exception.exception.VirtualInterfacePlugException):
        starting.plug(vifs.instance(), [vifs.switchdev()])


def test_a_guest_about_to_run_does_not_wait():
    """Neither is any other plug tolerated once nova-compute has started."""
    starting = start.Start(None)
    assert starting.tolerates is False
    starting.begin()
    with starting.guest():
        assert not starting.tolerates
        # What Nova resumes, it may create anew.
        with starting.guest():
            assert not starting.tolerates
        assert not starting.tolerates
    assert starting.tolerates is True
    starting.retry()
    assert starting.tolerates is False
    with (pytest.raises(exception.VifOperationFailed),
          starting.resuming(vifs.instance(), [], None)):
        raise exception.VifOperationFailed(err='no representor')
