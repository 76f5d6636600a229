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

"""Ports as Neutron shows them, in bounded time.

Nova's client waits for ever by default (``[neutron] timeout``), and so does
every thread that needs a token while another thread waits for Keystone. Here a
look-up ends by itself, without a thread: each of its HTTP requests may take
what is left of ``[sriov]port_timeout``. After one that took long and failed,
look-ups fail at once for a while, and one of them tries again now and then.
"""

from collections.abc import Collection
from collections.abc import Mapping
import logging
import threading
import time
from typing import Any
from typing import NotRequired
from typing import TypedDict
import weakref

from keystoneauth1 import loading
from keystoneauth1 import plugin
from keystoneauth1 import session
from nova import context
from nova import service_auth
import nova.conf
from nova.conf.neutron import NEUTRON_GROUP
from nova.network import neutron
import requests

from nova_sriov_ext import conf


class Group(TypedDict):
    """What a port requests of one resource provider (Neutron's extension
    port-resource-request-groups).

    :ivar resources: resource class → amount
    """

    id: str
    resources: Mapping[str, int]


class ResourceRequest(TypedDict, total=False):
    """Without groups in the format of before Yoga."""

    request_groups: list[Group]


# What is read here of a port as Neutron shows it to an admin.
Port = TypedDict('Port', {
    'id': str,
    'binding:host_id': NotRequired[str],
    # Anything that an operator has written.
    'binding:profile': NotRequired[object],
    'binding:vif_type': NotRequired[str],
    'binding:vnic_type': NotRequired[str],
    'device_id': NotRequired[str],
    'hardware_offload_type': NotRequired[str | None],
    'network_id': NotRequired[str],
    'resource_request': NotRequired[ResourceRequest | None],
})

CONF = conf.register(nova.conf.CONF)

# A failure that took longer is not waited for by each request.
QUICK = 1

# Seconds between two look-ups that a silent Neutron is tried with.
SILENCE = 10


class Silent(Exception):
    """Neutron did not answer a moment ago."""


class Breaker:
    """Lets look-ups through: all, or one every SILENCE seconds.

    :ivar until: time (monotonic) of the next one; None: all
    """

    def __init__(self) -> None:
        self.until: float | None = None
        self._lock = threading.Lock()

    def enter(self, seconds: float) -> None:
        """:param seconds: how long a look-up may take
        :raises Silent: it must not be tried now
        """
        with self._lock:
            if self.until is None:
                return
            now = time.monotonic()
            if now < self.until:
                raise Silent('Neutron did not answer a moment ago')
            self.until = now + max(SILENCE, seconds)

    def leave(self, waited: bool) -> None:
        """:param waited: whether it waited in vain"""
        self.until = time.monotonic() + SILENCE if waited else None


BREAKER = Breaker()


def read(ids: Collection[str]) -> list[Port]:
    """Read all the ports at once.

    :returns: the ports that exist
    :raises: Silent, TimeoutError after ``[sriov]port_timeout``, and whatever
        Nova's client of Neutron raises
    """
    if not ids:
        return []
    seconds, start = CONF.sriov.port_timeout, time.monotonic()
    BREAKER.enter(seconds)
    failed = True
    try:
        found: list[Port] = _client(start + seconds).list_ports(
            id=sorted(ids))['ports']
        failed = False
        return found
    finally:
        BREAKER.leave(failed and time.monotonic() - start > QUICK)


def log_failure(log: logging.LoggerAdapter[logging.Logger],
                ids: Collection[str],
                error: Exception) -> None:
    """Say once per look-up that it failed, and why.

    :param log: of whoever reads
    """
    log.warning('The eswitch modes of ports %s could not be read from '
                'Neutron: %s', ', '.join(sorted(ids)),
                str(error) or type(error).__name__,
                exc_info=not isinstance(error, (Silent, TimeoutError)))


def _client(deadline: float) -> neutron.ClientWrapper:
    """:param deadline: time (monotonic)
    :returns: with a session of its own
    """
    client = neutron.get_client(context.get_admin_context(), admin=True)
    # Nova's test fixture has no HTTP client.
    adapter = getattr(client, 'httpclient', None)
    if adapter is not None:
        stock = adapter.session
        adapter.session = session.Session(
            # It stands for one: what it does not do itself, its stock does.
            session=_Http(  # type: ignore[arg-type]
                stock.session, deadline),
            verify=stock.verify, cert=stock.cert,
            additional_headers=stock.additional_headers)
        adapter.auth = _auth()
        # Nova's three take 3.5 seconds where Neutron refuses connections.
        adapter.connect_retries = min(adapter.connect_retries or 0, 1)
    return client


# Nova's auth plugin of [neutron] → ours. Nova's is locked for as long as any
# of its threads waits for Keystone.
_auths: weakref.WeakKeyDictionary[
    plugin.BaseAuthPlugin, plugin.BaseAuthPlugin | None] = (
        weakref.WeakKeyDictionary())


def _auth() -> plugin.BaseAuthPlugin | None:
    stock = service_auth.get_service_auth_plugin(NEUTRON_GROUP)
    if stock not in _auths:
        _auths[stock] = loading.load_auth_from_conf_options(
            CONF, NEUTRON_GROUP)
    return _auths[stock]


class _Http:
    """A ``requests.Session`` that ends by a deadline.

    :param stock: whose connections are used
    :param deadline: time (monotonic)
    """

    def __init__(self, stock: requests.Session, deadline: float) -> None:
        self._stock = stock
        self._deadline = deadline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)

    def request(self, method: str, url: str,
                **kwargs: Any) -> requests.Response:
        """As ``requests.Session.request``.

        :raises TimeoutError: which keystoneauth does not try again for
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f'No time is left for {method} {url}')
        try:
            return self._stock.request(
                method, url, **{**kwargs, 'timeout': left})
        except requests.exceptions.Timeout as e:
            raise TimeoutError(f'No answer in time to {method} {url}') from e
