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

"""Servers that wait for their VIFs, with Nova's database in this process."""

import contextlib
import logging
import threading

from nova import objects
from nova.network import model
from oslo_concurrency import lockutils
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import start
from tests.unit.placement import host as hosts
from tests.unit.placement import services
from tests.unit.virt import vifs

A, B, C = (vifs.switchdev() for _ in range(3))
A['id'], B['id'], C['id'] = uuids.a, uuids.b, uuids.c


class Waiting:
    """nova-compute, starting. :ivar plugged: list of (server, port);
    :ivar errors: dict, port → what plugging it raises"""

    def __init__(self, traffic):
        self.traffic = traffic
        self.host = hosts.Host(None)
        self.plugged, self.errors = [], {}
        self.start = start.Start(self._plug)
        self.start.begin()

    def _plug(self, instance, vif):
        if vif['id'] in self.errors:
            raise self.errors[vif['id']]
        self.plugged.append((instance.uuid, vif['id']))

    def fail(self, *found, why='no representor'):
        """Let only these fail from now on."""
        self.errors = {vif['id']: exception.VifOperationFailed(err=f'{why}.')
                       for vif in found}

    def server(self, *found, **state):
        flavor = objects.Flavor(
            id=1, name='f', flavorid='f', memory_mb=1, vcpus=1, root_gb=1,
            ephemeral_gb=0, swap=0, rxtx_factor=1.0, vcpu_weight=0,
            disabled=False, is_public=True, extra_specs={})
        server = self.host.instance(
            flavor=flavor, old_flavor=None, new_flavor=None, **state)
        self.set_vifs(server, *found)
        return server

    @staticmethod
    def set_vifs(server, *found):
        server.info_cache.network_info = model.NetworkInfo(found)
        server.info_cache.save()

    def started(self):
        """The first update is the last step of the start."""
        self.start.retry()

    def update(self):
        """:returns: list of (server, port), plugged now"""
        before = len(self.plugged)
        self.start.retry()
        return self.plugged[before:]

    @property
    def is_over(self):
        """Whether nobody waits: the database is asked for nobody."""
        self.traffic.clear()
        self.start.retry()
        return not self.traffic.statements


@pytest.fixture
def compute(conf):
    conf.config(host='host')
    traffic = services.Traffic()
    with services.cell(traffic):
        yield Waiting(traffic)


def waiting(compute, *found, **state):
    """:returns: a server all of whose VIFs wait, after the start"""
    server = compute.server(*found, **state)
    compute.fail(*found)
    compute.start.plug(server, found)
    compute.started()
    return server


def errors(caplog):
    return [record.getMessage() for record in caplog.records
            if record.levelno >= logging.ERROR
            and record.name.startswith('nova_sriov_ext')]


def test_each_is_plugged_as_soon_as_it_can(compute):
    server, other = compute.server(A, B, C), compute.server(A)
    compute.fail(A, B)
    compute.start.plug(server, [A, B, C])
    compute.start.plug(other, [A])
    assert compute.plugged == [(server.uuid, uuids.c)]
    compute.fail(A)
    compute.started()
    assert compute.update() == [(server.uuid, uuids.b)]
    assert compute.update() == []
    compute.fail()
    assert compute.update() == [
        (server.uuid, uuids.a), (other.uuid, uuids.a)]
    assert compute.is_over


def test_an_error_is_logged_once(compute, caplog):
    server = compute.server(A, B)
    compute.fail(A, B)
    compute.start.plug(server, [A, B])
    compute.started()
    compute.update()
    line, = errors(caplog)
    assert 'no representor.' in line
    compute.fail(A, why='no bridge')
    compute.update()
    compute.update()
    _, line = errors(caplog)
    assert 'no bridge.' in line


def test_who_is_busy_is_left_alone(compute):
    server = waiting(compute, A)
    compute.fail()
    lock = lockutils.internal_lock(server.uuid)
    lock.acquire()
    ends = threading.Timer(0.3, lock.release)
    ends.start()
    assert compute.update() == []
    ends.join()
    server.task_state = 'rebuilding'
    server.save()
    assert compute.update() == []
    server.task_state = None
    server.save()
    assert compute.update() == [(server.uuid, uuids.a)]


@pytest.mark.parametrize('state', [
    {'host': 'another'}, {'vm_state': 'error'}, {'vm_state': 'soft-delete'},
    {'vm_state': 'deleted'}])
def test_who_is_not_here_any_more_does_not_wait(compute, state):
    server = waiting(compute, A)
    compute.fail()
    server.update(state)
    server.save()
    assert compute.update() == []
    assert compute.is_over


def test_who_is_deleted_does_not_wait(compute):
    server = vifs.instance()
    compute.fail(A)
    compute.start.plug(server, [A])
    compute.started()
    compute.fail()
    assert compute.update() == []
    assert compute.is_over


def test_ports_that_come_and_go_are_novas(compute):
    server = waiting(compute, A, B)
    compute.set_vifs(server, B, C)
    compute.fail()
    assert compute.update() == [(server.uuid, uuids.b)]
    assert compute.is_over


def resuming(compute, server, resume):
    compute.fail(A)
    with compute.start.resuming(server, [A, B], resume):
        raise exception.VifOperationFailed(err='no representor.')
    compute.started()


def test_a_guest_starts_when_all_its_vifs_are_there(compute, caplog):
    server, started = compute.server(A, B), []
    resuming(compute, server, started.append)
    assert 'no representor.' in errors(caplog)[0]
    assert compute.update() == [(server.uuid, uuids.b)]
    assert not started
    compute.fail()
    assert compute.update() == [(server.uuid, uuids.a)]
    found, = started
    assert found.uuid == server.uuid
    # As Nova hands it to a driver: it asks for nothing more.
    compute.traffic.clear()
    assert (found.flavor.name, found.numa_topology, found.metadata,
            found.system_metadata) == ('f', None, {}, {})
    assert not compute.traffic.statements
    assert compute.is_over
    assert len(started) == 1


def test_a_server_that_somebody_stopped_stays_so(compute):
    server, started = compute.server(A, B), []
    resuming(compute, server, started.append)
    server.vm_state = 'stopped'
    server.save()
    compute.fail()
    assert len(compute.update()) == 2
    assert not started
    assert compute.is_over


def test_a_guest_that_runs_is_not_started(compute):
    """Its VIFs alone had to wait."""
    server = waiting(compute, A)
    compute.fail()
    compute.update()
    server.refresh()
    assert server.vm_state == 'active'


def test_a_guest_that_cannot_be_started_is_an_error(compute):
    def resume(instance):
        raise OSError('no memory')

    server = compute.server(A, B)
    resuming(compute, server, resume)
    compute.fail()
    compute.update()
    server.refresh()
    assert server.vm_state == 'error'
    assert compute.is_over


def test_a_service_that_did_not_answer_is_tried_again(compute, monkeypatch):
    now = [1000]
    monkeypatch.setattr(start.time, 'monotonic', lambda: now[0])
    plug = compute.start._plug

    def slow(instance, vif):
        with contextlib.ExitStack() as stack:
            if compute.errors:
                stack.callback(now.__setitem__, 0, now[0] + 11)
            plug(instance, vif)

    compute.start._plug = slow
    server = waiting(compute, A, B)
    assert compute.update() == []
    compute.fail()
    assert compute.update() == [
        (server.uuid, uuids.a), (server.uuid, uuids.b)]
