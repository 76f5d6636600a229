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

"""How long Neutron is waited for, on real sockets."""

from concurrent import futures
import contextlib
from http import server
import json
import logging
import socket
import threading
import time

from keystoneauth1 import loading
from nova import context
from nova import service_auth
from nova.network import neutron as nova_neutron
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.claim import port_answers
from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.demand import port_mode
from tests.unit.claim import trackers


class Answer(server.BaseHTTPRequestHandler):
    """Every port in Neutron requests switchdev."""

    delay = 0

    def do_GET(self):
        time.sleep(self.delay)
        body = json.dumps({'ports': [{
            'id': uuids.port, 'hardware_offload_type': 'switchdev'}]})
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


class Service:
    """A TCP service that accepts connections, and answers if it is told to.

    :ivar url: str
    """

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self.socket.getsockname()[1]}'

    def connections(self):
        """:returns: how many were made to it since the last call"""
        self.socket.setblocking(False)
        found = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.accept()[0].close()
                found += 1
        self.socket.setblocking(True)
        return found

    @contextlib.contextmanager
    def answering(self, delay=0):
        handler = type('Handler', (Answer,), {'delay': delay})
        httpd = server.HTTPServer(
            self.socket.getsockname(), handler, bind_and_activate=False)
        httpd.socket.close()
        httpd.socket = self.socket
        thread = threading.Thread(target=httpd.serve_forever, args=(.01,))
        thread.start()
        try:
            yield
        finally:
            httpd.shutdown()
            thread.join()


@pytest.fixture
def service():
    found = Service()
    yield found
    found.socket.close()


@pytest.fixture
def neutron():
    """Nova's own client, where other tests here have none."""


@pytest.fixture
def cloud(conf, service, monkeypatch):
    """nova.conf for a Neutron that needs no Keystone."""
    monkeypatch.setattr(neutron_ports, 'BREAKER', neutron_ports.Breaker())
    service_auth.reset_globals()
    conf.config(group='neutron', auth_type='none',
                endpoint_override=service.url)
    conf.config(group='sriov', port_timeout=1, unknown_ports='reject')
    yield conf
    service_auth.reset_globals()


@contextlib.contextmanager
def waiting(least=1, most=4):
    """For so many seconds, and without leaving a thread behind."""
    before, start = threading.active_count(), time.monotonic()
    yield
    assert least <= time.monotonic() - start <= most
    assert threading.active_count() <= before


def unread():
    """:returns: whether the scheduler got no answer for a request of its own
    """
    return gather.demand_of([trackers.port()], {}).unread


def requested():
    demand = gather.demand_of([trackers.port()], {})
    return demand.requests[0].modes == {'switchdev', 'unknown'}


def test_a_silent_neutron_costs_one_wait(cloud, service, caplog):
    with waiting():
        for _ in range(5):
            assert unread()
        # And none for the claims of this process.
        request = trackers.port()
        assert port_answers.mode_of(uuids.port, [request]) is None
    found = [record.getMessage().split(': ')[1] for record in caplog.records
             if record.name.startswith('nova_sriov_ext')]
    assert found[0].startswith(f'No answer in time to GET {service.url}')
    assert found[1:] == ['Neutron did not answer a moment ago'] * 5
    assert service.connections() == 1


def test_requests_at_once_wait_together(cloud, service):
    with waiting(), futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: unread(), range(80)))
    assert service.connections() <= 8


def test_one_of_them_tries_again(cloud, service):
    neutron_ports.BREAKER.until = time.monotonic()
    with waiting(), futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: unread(), range(80)))
    assert service.connections() == 1
    neutron_ports.BREAKER.until = time.monotonic()
    with service.answering():
        assert requested()
    assert neutron_ports.BREAKER.until is None


def test_a_slow_neutron_is_waited_for_each_time(cloud, service):
    cloud.config(group='sriov', port_timeout=20)
    with service.answering(delay=.4), waiting(1.2, 20):
        assert all(requested() for _ in range(3))


def test_a_neutron_that_refuses_is_tried_each_time(cloud, service, caplog):
    """It costs nobody much, and may be back at once."""
    service.socket.close()
    cloud.config(group='sriov', port_timeout=20)
    with waiting(0, 9):
        assert all(unread() for _ in range(3))
    assert 'a moment ago' not in caplog.text


@pytest.fixture
def keystone(cloud, service):
    """A silent one, while Neutron would answer."""
    # They are required ones, and gone after the test.
    cloud.register_opts(
        loading.get_auth_plugin_conf_options('v3password'), group='neutron')
    cloud.config(group='neutron', auth_type='v3password',
                 auth_url=service.url, username='nova', password='secret',
                 user_domain_name='d', project_name='p',
                 project_domain_name='d')
    return service


def test_a_silent_keystone_costs_one_wait(keystone):
    with waiting():
        assert all(unread() for _ in range(5))


def test_another_thread_waits_for_keystone_for_ever(keystone):
    """Nova's does, and locks Nova's auth plugin meanwhile."""
    def wait():
        with contextlib.suppress(Exception):
            nova_neutron.get_client(
                context.get_admin_context(), admin=True).list_ports()

    hanging = threading.Thread(target=wait)
    hanging.start()
    time.sleep(.2)
    try:
        with waiting():
            assert unread()
        assert hanging.is_alive()
    finally:
        with keystone.answering():
            hanging.join()


def test_nothing_is_looked_up_for_nothing(cloud, service):
    assert neutron_ports.read(()) == []
    assert port_answers.mode_of(None, [trackers.alias()]) == port_mode.PLAIN
    assert service.connections() == 0


def test_a_look_up_without_time_is_not_tried(cloud, service):
    """Keystone may have taken all of it."""
    with pytest.raises(TimeoutError, match=(
            f'No time is left for GET {service.url}')):
        neutron_ports._client(time.monotonic()).list_ports(id=[uuids.port])
    assert service.connections() == 0


def test_connections_are_those_that_nova_conf_describes(cloud, service):
    """With its certificates; only who is authenticated, and how often a
    refused connection is tried, is ours."""
    service_auth.reset_globals()
    cloud.config(group='neutron', cafile='/ca.pem', certfile='/nova.pem',
                 keyfile='/nova.key')
    client = neutron_ports._client(time.monotonic()).httpclient
    assert (client.session.verify, client.session.cert) == (
        '/ca.pem', ('/nova.pem', '/nova.key'))
    stock = nova_neutron.get_client(
        context.get_admin_context(), admin=True).httpclient
    stock.session.additional_headers['X-Zone'] = 'one'
    client = neutron_ports._client(time.monotonic()).httpclient
    assert client.session.additional_headers == {'X-Zone': 'one'}
    assert client.session.session.headers is stock.session.session.headers
    assert client.auth is not stock.auth
    assert (stock.connect_retries, client.connect_retries) == (3, 1)


class Nameless(Exception):
    """An error without a text."""


@pytest.mark.parametrize('error, cause, traced', [
    (TimeoutError('No answer in time'), 'No answer in time', False),
    (neutron_ports.Silent('a moment ago'), 'a moment ago', False),
    (OSError('no route'), 'no route', True),
    (Nameless(), 'Nameless', True)])
def test_the_log_says_which_ports_could_not_be_read_and_why(
        caplog, error, cause, traced):
    """With a traceback for what is not only a silent Neutron."""
    log = logging.getLogger('nova_sriov_ext.test')
    try:
        raise error
    except type(error) as e:
        neutron_ports.log_failure(log, ['two', 'one'], e)
    record, = caplog.records
    assert record.getMessage() == (
        'The eswitch modes of ports one, two could not be read from Neutron: '
        f'{cause}')
    assert bool(record.exc_info) is traced
