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

"""The line in the log where Placement returns no host."""

import logging

from nova import exception
from nova.scheduler import manager
from nova.scheduler import request_filter
import oslo_messaging as messaging
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext import nova_compat
from nova_sriov_ext.placement import names
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import no_candidates
from nova_sriov_ext.scheduler import placement_query
from nova_sriov_ext.scheduler import placement_search
from tests.unit.scheduler import hosts

VF_CLASS = names.vf_class('a')
NONE = exception.NoValidHost(reason='')
OTHER = exception.NoValidHost(reason='There are not enough hosts available.')


class Scheduler:
    """:ivar free: host → VFs that Placement returns, or an exception"""

    def __init__(self, free):
        self.free = free

    @property
    def placement_client(self):
        return self


@pytest.fixture
def scheduled(conf, monkeypatch, caplog):
    """A function: schedule a server, which ends with an exception.

    :returns: lines in the log
    """
    conf.config(max_placement_results=3, group='scheduler')

    def by_host(placement, vf_class, limit):
        scheduler = placement._client
        assert (vf_class, limit) == (VF_CLASS, 3)
        if isinstance(scheduler.free, Exception):
            raise scheduler.free
        return scheduler.free

    monkeypatch.setattr('nova_sriov_ext.placement.free_vfs.by_host', by_host)

    def schedule(error, free=None, **kwargs):
        @messaging.expected_exceptions(exception.NoValidHost)
        def stock(scheduler, context, spec_obj=None, instance_uuids=None):
            assert instance_uuids == [uuids.server]
            raise error

        monkeypatch.setattr(no_candidates, 'STOCK', stock)
        with (caplog.at_level(logging.INFO),
              pytest.raises(messaging.ExpectedException) as raised):
            no_candidates.select_destinations(
                Scheduler(free), None, instance_uuids=[uuids.server],
                **kwargs)
        assert raised.value.exc_info[1] is error
        return [record.getMessage() for record in caplog.records]
    return schedule


def request(**extra_specs):
    return hosts.request(**{
        f'resources:{VF_CLASS}': '2', 'resources:VCPU': '1',
        'hw:cpu_policy': 'shared', **extra_specs})


@pytest.mark.parametrize('free, numbers', [
    ({uuids.one: 1, uuids.two: 4},
     f'2 {VF_CLASS} requested, 5 free on 2 host(s), no more than 4 on one'),
    ({}, f'2 {VF_CLASS} requested, 0 free on 0 host(s), no more than 0 on'),
    (dict.fromkeys('abc', 1),
     f'2 {VF_CLASS} requested, at least 3 free on at least 3 host(s), no'),
])
def test_what_placement_knows(scheduled, free, numbers):
    line, = scheduled(NONE, free, spec_obj=request())
    assert line.startswith(
        f'Placement returned no host for server {uuids.server}: {numbers}')
    assert '"nova-sriov explain"' in line


@pytest.mark.parametrize('error, arguments', [
    (OTHER, {'spec_obj': request()}), (NONE, {'spec_obj': hosts.request()}),
    (NONE, {}), (exception.NoValidHost(), {'spec_obj': request()})])
def test_no_line(scheduled, error, arguments):
    assert scheduled(error, {}, **arguments) == []


def test_placement_does_not_say(scheduled):
    line, = scheduled(NONE, OSError('no route'), spec_obj=request())
    assert line.endswith('did not say how many are free: no route')


def test_what_nova_returns(monkeypatch):
    monkeypatch.setattr(no_candidates, 'STOCK', lambda *args, **kwargs: (
        args, kwargs))
    assert no_candidates.select_destinations('me', 'context', 1, a=2) == (
        ('me', 'context', 1), {'a': 2})


def installed():
    return (placement_query.add_vfs in request_filter.ALL_REQUEST_FILTERS,
            manager.SchedulerManager.select_destinations
            is no_candidates.select_destinations)


def test_the_filter_puts_it_there(conf):
    assert installed() == (False, False)
    filters.SriovCapacityFilter()
    filters.SriovCapacityFilter()
    assert installed() == (True, True)
    assert request_filter.ALL_REQUEST_FILTERS.count(
        placement_query.add_vfs) == 1
    # After what remembers whose the requests are.
    assert request_filter.ALL_REQUEST_FILTERS[-1] is placement_query.add_vfs
    assert nova_compat.SEARCH.differences() == []


def test_another_nova(monkeypatch, caplog):
    monkeypatch.setattr('nova.scheduler.utils.ResourceRequest.'
                        '_process_extra_specs', lambda me, flavor: None)
    placement_search.install()
    assert installed() == (False, False)
    assert "Placement's search is turned off" in caplog.text
