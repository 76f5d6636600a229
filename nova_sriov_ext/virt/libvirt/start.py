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

"""What cannot be plugged while nova-compute starts, until it can.

ComputeManager._init_instance plugs the VIFs of every server and tolerates
a few errors only: any other ends nova-compute, for all servers of the host.
A host that has just been booted may not have its representors or its Open
vSwitch yet.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import dataclasses
import time

from nova import context
from nova import exception as nova_exception
from nova import objects
from nova.compute import vm_states
import nova.conf
from nova.network import model
from oslo_concurrency import lockutils
from oslo_log import log as logging

from nova_sriov_ext import exception

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

# As ComputeManager.init_host loads them.
_ATTRIBUTES = ['info_cache', 'metadata', 'system_metadata', 'numa_topology',
               'flavor']
# Of servers whose VIFs _init_instance does not plug.
_LEFT_ALONE = (vm_states.DELETED, vm_states.SOFT_DELETED, vm_states.ERROR)

# Seconds. One that takes longer to fail has waited for a service that does
# not answer, and so would all others, one after the other.
_PATIENCE = 10


# Starts the guest of a server unless it runs.
Resume = Callable[['objects.Instance'], None]


@dataclasses.dataclass
class _Waiting:
    """What a server waits with.

    :ivar ports: ids of the ports that are to be plugged
    :ivar resume: starts its guest then
    :ivar logged: the errors that the log has
    """

    ports: set[str] = dataclasses.field(default_factory=set)
    resume: Resume | None = None
    logged: set[str] = dataclasses.field(default_factory=set)


class Start:
    """The servers that wait for their VIFs."""

    def __init__(
            self, plug: Callable[[objects.Instance, model.VIF], None]) -> None:
        self._plug = plug
        self._is_on = False
        self._has_guest = False
        self._is_silent = False
        # By the server's uuid.
        self._waiting: dict[str, _Waiting] = {}

    def begin(self) -> None:
        """nova-compute starts. It does not take requests yet, and does one
        thing after the other."""
        self._is_on = True

    @property
    def tolerates(self) -> bool:
        """Whether what cannot be plugged may wait. The VIFs of a guest that
        is about to run may not: a VF in use keeps its PF from being set up
        (devlink refuses, a VF-LAG does not form)."""
        return self._is_on and not self._has_guest

    @contextlib.contextmanager
    def guest(self) -> Iterator[None]:
        """A guest is about to run."""
        before, self._has_guest = self._has_guest, True
        try:
            yield
        finally:
            self._has_guest = before

    def plug(self, instance: objects.Instance,
             network_info: Iterable[model.VIF]) -> None:
        """Plug what can be plugged; the rest waits.

        :raises VirtualInterfacePlugException: Neutron could not bind a port;
            Nova sets the server to ERROR
        """
        for vif in network_info:
            error = self._attempt(instance, vif)
            if isinstance(error, nova_exception.VirtualInterfacePlugException):
                raise error
            if error:
                self._wait(instance, {vif['id']}, error)

    @contextlib.contextmanager
    def resuming(self, instance: objects.Instance,
                 network_info: Iterable[model.VIF],
                 resume: Resume) -> Iterator[None]:
        """The guest that is started here waits with the VIFs.

        Where Nova does so it would set the server to ERROR, and in one case
        end (ComputeManager.reboot_instance, of a reboot that was
        interrupted).
        """
        try:
            yield
        except exception.VifOperationFailed as e:
            if not self._is_on:
                raise
            self._wait(instance, {vif['id'] for vif in network_info}, e)
            self._waiting[instance.uuid].resume = resume

    def retry(self) -> None:
        """Plug what waits, as far as that is possible by now. Called with
        each update of the host's resources, the first of which is the last
        step of nova-compute's start."""
        if self._is_on:
            self._is_on = False
            return
        self._is_silent = False
        for uuid in list(self._waiting):
            try:
                # Whoever acts upon a server holds it (ComputeManager).
                with lockutils.lock(uuid, blocking=False):
                    if self._is_done(uuid):
                        del self._waiting[uuid]
            except lockutils.AcquireLockFailedException:
                LOG.debug('Server %s is busy', uuid)
            except Exception:
                LOG.exception('The VIFs of server %s still wait', uuid)

    def _attempt(self, instance: objects.Instance,
                 vif: model.VIF) -> Exception | None:
        """:returns: why the VIF cannot be plugged, None if it is"""
        if self._is_silent:
            return exception.VifOperationFailed(
                err=f'Port {vif["id"]} was not tried: another one failed '
                    f'after more than {_PATIENCE} seconds.')
        began = time.monotonic()
        try:
            self._plug(instance, vif)
        except Exception as e:
            self._is_silent = time.monotonic() - began > _PATIENCE
            return e
        return None

    def _wait(self, instance: objects.Instance, ports: set[str],
              error: Exception) -> None:
        waiting = self._waiting.setdefault(instance.uuid, _Waiting())
        waiting.ports |= ports
        if str(error) not in waiting.logged:
            waiting.logged.add(str(error))
            LOG.error(
                'A VIF of this server cannot be plugged now: %s The server '
                'is left as it is. Plugging is tried again with each update '
                'of the resources of this host', error, instance=instance,
                exc_info=not isinstance(error, nova_exception.NovaException))

    def _is_done(self, uuid: str) -> bool:
        """Whether nothing waits any more."""
        instance, waiting = _find(uuid), self._waiting[uuid]
        if instance is None:
            return True
        if instance.task_state is not None:
            return False
        network_info = instance.get_network_info()
        waiting.ports &= {vif['id'] for vif in network_info}
        self._plug_of(instance, [vif for vif in network_info
                                 if vif['id'] in waiting.ports], waiting)
        if waiting.ports:
            return False
        if waiting.resume and instance.vm_state == vm_states.ACTIVE:
            _resume(instance, waiting.resume)
        return True

    def _plug_of(self, instance: objects.Instance, vifs: Iterable[model.VIF],
                 waiting: _Waiting) -> None:
        for vif in vifs:
            error = self._attempt(instance, vif)
            if error:
                self._wait(instance, {vif['id']}, error)
            else:
                waiting.ports.remove(vif['id'])
                LOG.info('Port %s is plugged now', vif['id'],
                         instance=instance)


def _find(uuid: str) -> objects.Instance | None:
    """None for one whose VIFs nova-compute would not plug here if it started
    now."""
    try:
        instance = objects.Instance.get_by_uuid(
            context.get_admin_context(), uuid, expected_attrs=_ATTRIBUTES)
    except nova_exception.InstanceNotFound:
        return None
    is_here = (instance.host == CONF.host
               and instance.vm_state not in _LEFT_ALONE)
    return instance if is_here else None


def _resume(instance: objects.Instance, resume: Resume) -> None:
    """As ComputeManager._resume_guests_state does."""
    try:
        resume(instance)
    except Exception:
        LOG.exception('Failed to resume instance', instance=instance)
        instance.vm_state = vm_states.ERROR
        instance.save()
