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

"""os-vif as nova-compute uses it, for a process inside a simulated host."""

import concurrent.futures
import contextlib
import dataclasses
import logging
import os
import pathlib
import tempfile
import time
import uuid

import os_vif
from os_vif import exception
from os_vif.objects import instance_info
from os_vif.objects import network
from os_vif.objects import vif as osv_vif
from oslo_config import cfg
from vif_plug_ovs import privsep as stock_privsep

from os_vif_vflag.privileged import calls

MAY_FAIL = 'may fail'
_NOBODY = 65534
INSTANCE = 'c4f1f2b5-7a4c-4c6e-9e2b-5f4b8d1f3a10'


@dataclasses.dataclass(frozen=True)
class Port:
    """A Neutron port that Nova has given a VF."""

    vf: str
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    mac: str = 'fa:16:3e:00:00:01'
    bridge: str = 'br-int'
    mtu: int | None = 1500
    plugin: str = 'vflag'
    datapath_type: str | None = None

    def vif(self):
        """What nova.network.os_vif_util makes of it."""
        return osv_vif.VIFHostDevice(
            dev_type='ethernet', dev_address=self.vf,
            **self._fields(representor_address=self.vf))

    def instance(self):
        return instance_info.InstanceInfo(
            uuid=INSTANCE, name='instance-00000001')

    def _fields(self, **profile):
        if self.datapath_type:
            profile['datapath_type'] = self.datapath_type
        own = {'mtu': self.mtu} if self.mtu else {}
        return {
            'id': self.id, 'address': self.mac, 'plugin': self.plugin,
            'has_traffic_filtering': True,
            'port_profile': osv_vif.VIFPortProfileOVSRepresentor(
                interface_id=self.id, representor_name='nicdontcare',
                **profile),
            'network': network.Network(
                id='f0e1d2c3-0000-4000-8000-000000000000',
                bridge=self.bridge, **own)}


@dataclasses.dataclass(frozen=True)
class VhostPort(Port):
    """A Neutron port with a socket instead of a VF."""

    path: str = '/run/vhu/socket'
    mode: str = 'server'

    def vif(self):
        return osv_vif.VIFVHostUser(
            path=self.path, mode=self.mode, **self._fields())


@dataclasses.dataclass(frozen=True)
class Pause:
    """Between two steps: say so in one file, go on when there is another."""

    reached: pathlib.Path
    go_on: pathlib.Path


def act(options, *steps):
    """Run steps in one process: a Pause, or the name of an os_vif function
    with its Port, and MAY_FAIL if that is no reason to stop."""
    _initialize(options)
    _take(steps)


def act_unprivileged(options, *steps):
    """The same as a user with no privileges at all: the plugin starts its
    privileged daemon."""
    _initialize(options)
    calls.vif_plug.set_client_mode(True)
    calls.vif_plug.timeout = 3
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)
    assert os.getresuid() == (_NOBODY,) * 3
    _take(steps)


def _take(steps):
    for step in steps:
        if isinstance(step, Pause):
            step.reached.touch()
            while not step.go_on.exists():
                time.sleep(0.01)
        elif MAY_FAIL in step:
            with contextlib.suppress(exception.ExceptionBase):
                perform(*step[:2])
        else:
            perform(*step)


def warnings_of(options, action, port):
    """:returns: what the plugin logged at WARNING meanwhile, and the error
        that it raised, if any, as text"""
    records = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: records.append(record.getMessage())
    logging.getLogger('os_vif_vflag').addHandler(handler)
    _initialize(options)
    try:
        perform(action, port)
    except exception.ExceptionBase as e:
        return records, str(e)
    return records, None


def act_together(options, action, ports):
    """As nova-compute does it for several servers: threads."""
    _initialize(options)
    with concurrent.futures.ThreadPoolExecutor(len(ports)) as pool:
        list(pool.map(lambda port: perform(action, port), ports))


def _initialize(options):
    """Start as nova-compute does: from a configuration file."""
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
        for group, values in options.items():
            file.write(f'[{group}]\n')
            file.writelines(f'{k} = {v}\n' for k, v in values.items())
        file.flush()
        cfg.CONF(['--config-file', file.name], project='lab')
    # This process has the privileges itself; no daemon is wanted.
    for context in (calls.vif_plug, stock_privsep.vif_plug):
        context.set_client_mode(False)
    os_vif.initialize()


def perform(action, port):
    getattr(os_vif, action)(port.vif(), port.instance())
