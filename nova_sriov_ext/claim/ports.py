"""What a port asks for, told to a claim in bounded time.

A claim runs under the lock of the resource tracker. Nova calls nothing of
ours for a server before it takes it (ComputeManager._build_and_run_instance),
except for live migrations, which remember().
"""

import threading
import time

import nova.conf
from oslo_log import log as logging

from nova_sriov_ext import asked
from nova_sriov_ext import conf

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# From a claim's test to its claim, or from the look-up before a live
# migration to its claims.
SECONDS = 60

# A claim tests as often as there are ways to place the guest's NUMA nodes: it
# does not wait for a silent Neutron each time.
SILENCE = 10


class Ports:
    """Answers of Neutron, each good for SECONDS."""

    def __init__(self):
        self._told = {}
        self._silent_until = 0
        self._lock = threading.Lock()

    def for_switchdev(self, ids):
        """:param ids: collection of the ids of ports
        :returns: frozenset of those that ask for switchdev
        :raises: TimeoutError, and whatever Nova's client of Neutron raises
        """
        fresh = self._fresh()
        missing = frozenset(ids) - fresh.keys()
        if missing:
            found = self._ask(missing)
            answers = {port: port in found for port in missing}
            fresh.update(answers)
            self._remember(answers)
        return frozenset(port for port in ids if fresh[port])

    def _ask(self, ids):
        if time.monotonic() < self._silent_until:
            raise TimeoutError('Neutron did not answer a moment ago')
        try:
            return asked.for_switchdev(ids)
        except Exception:
            self._silent_until = time.monotonic() + SILENCE
            raise

    def _fresh(self):
        now = time.monotonic()
        with self._lock:
            self._told = {port: told for port, told in self._told.items()
                          if now - told[0] < SECONDS}
            return {port: answer for port, (_, answer) in self._told.items()}

    def _remember(self, answers):
        now = time.monotonic()
        with self._lock:
            self._told.update((port, (now, answer))
                              for port, answer in answers.items())


PORTS = Ports()


def remember(ids):
    """Ask ahead of a claim."""
    try:
        PORTS.for_switchdev(ids)
    except Exception:
        LOG.warning('Neutron did not tell what ports %s ask for before the '
                    'claim', ', '.join(sorted(ids)), exc_info=True)


def asking(port):
    """Whether a port asks for switchdev.

    :param port: its id, or None
    :returns: True or False; None when Neutron does not answer and the claim
        shall be refused for it (``[sriov]unknown_ports``)
    """
    try:
        return bool(port and PORTS.for_switchdev({port}))
    except Exception:
        LOG.exception('Neutron did not tell what port %s asks for', port)
        return None if CONF.sriov.unknown_ports == 'reject' else False
