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

"""A kernel behind netlink sockets, with what this machine's kernel lacks:
devlink, and a PF with VFs.

Messages are read and written by pyroute2. It refuses what a kernel refuses,
and what kernels refuse of newer commands already (genl_header_check,
rtnl_valid_getlink_req), and bytes behind the last attribute
(NL_VALIDATE_TRAILING).
"""

import contextlib
import errno
import socket
import struct

from pyroute2.netlink import ctrlmsg
from pyroute2.netlink import devlink
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from os_vif_vflag.kernel import uapi

_HEADER = struct.Struct('=IHHII')
_DEVLINK = 0x15     # differs from boot to boot
# Longer, and the list is no attribute any more (nla_len is 16 bits).
_VFS_WITH_STATS = 200


class Message(devlink.devlinkcmd):
    """pyroute2 0.9 ends at PORT_SPLITTABLE (148)."""

    nla_map = devlink.devlinkcmd.nla_map + (
        ('DEVLINK_ATTR_PORT_EXTERNAL', 'uint8'),
        ('DEVLINK_ATTR_PORT_CONTROLLER_NUMBER', 'uint32'))


def encoded(message, attributes, **fields):
    """:returns: bytes behind the netlink header, as pyroute2 encodes them"""
    for name, value in fields.items():
        message[name] = value
    message['attrs'] = list(attributes)
    message.encode()
    return bytes(message.data)[16:]


def message(kind, body, flags=0):
    return _HEADER.pack(16 + len(body), kind, flags, 1, 0) + body


DONE = message(uapi.NLMSG_DONE, bytes(4))


class Kernel:
    """Takes the place of socket.socket.

    :param ports: attributes of devlink's ports, as pyroute2 names them
    :param modes: PCI address → number of an eswitch mode
    :param vfs: name of a netdev → its VFs, for pyroute2's ``set_vf``
    :param filters: whether a dump of ports heeds whose ports are wanted
        (Linux 6.6)
    :ivar sent: number of messages with a body that it has sent
    """

    def __init__(self, ports=(), modes=None, vfs=None, filters=True):
        self._ports, self._modes = ports, modes or {}
        self._vfs, self._filters = vfs or {}, filters
        self._answers = []
        self.sent = 0

    def __call__(self, family, kind, protocol):
        assert (family, kind) == (socket.AF_NETLINK, socket.SOCK_RAW)
        self._protocol = protocol
        return contextlib.nullcontext(self)

    def settimeout(self, seconds):
        pass

    def recv(self, size):
        if not self._answers:
            raise TimeoutError('timed out')
        return self._answers.pop(0)[:size]

    def send(self, request):
        length, kind, flags, _, _ = _HEADER.unpack_from(request)
        assert length == len(request) and flags & uapi.NLM_F_REQUEST
        dump = flags & uapi.NLM_F_DUMP
        try:
            for body in self._handler(kind)(request, dump):
                self._answers.append(message(kind, body))
                self.sent += 1
        except OSError as e:
            self._end(uapi.NLMSG_ERROR, e.errno)
        else:
            if dump:
                self._end(uapi.NLMSG_DONE)
            elif flags & uapi.NLM_F_ACK:
                self._end(uapi.NLMSG_ERROR)

    def _end(self, kind, number=0):
        self._answers.append(message(
            kind, struct.pack('=i', -number) + bytes(16)))

    def _handler(self, kind):
        return {
            (socket.NETLINK_ROUTE, uapi.RTM_GETLINK): self._link,
            (uapi.NETLINK_GENERIC, uapi.GENL_ID_CTRL): self._family,
            (uapi.NETLINK_GENERIC, _DEVLINK): self._devlink,
        }[self._protocol, kind]

    def _family(self, request, dump):
        found = _decoded(ctrlmsg, request)
        assert found['cmd'] == uapi.CTRL_CMD_GETFAMILY
        if found.get_attr('CTRL_ATTR_FAMILY_NAME') != 'devlink':
            raise OSError(errno.ENOENT, '')
        yield encoded(ctrlmsg(), [('CTRL_ATTR_FAMILY_ID', _DEVLINK)], cmd=1)

    def _devlink(self, request, dump):
        wanted = _decoded(Message, request)
        bus, device = (wanted.get_attr(f'DEVLINK_ATTR_{name}')
                       for name in ('BUS_NAME', 'DEV_NAME'))
        found = {uapi.DEVLINK_CMD_PORT_GET: self._get_ports,
                 uapi.DEVLINK_CMD_ESWITCH_GET: self._get_mode}[
            wanted['cmd']](bus, device, dump)
        for attributes in found:
            yield encoded(Message(), attributes, cmd=wanted['cmd'])

    def _get_ports(self, bus, device, dump):
        if not dump:       # a single one has an index
            raise OSError(errno.EINVAL, '')
        for port in self._ports:
            named = tuple(dict(port).get(f'DEVLINK_ATTR_{name}')
                          for name in ('BUS_NAME', 'DEV_NAME'))
            if not (device and self._filters) or named == (bus, device):
                yield port

    def _get_mode(self, bus, device, dump):
        if dump:
            raise OSError(errno.EOPNOTSUPP, '')
        if bus != 'pci' or device not in self._modes:
            raise OSError(errno.ENODEV, '')
        yield [('DEVLINK_ATTR_BUS_NAME', bus),
               ('DEVLINK_ATTR_DEV_NAME', device),
               ('DEVLINK_ATTR_ESWITCH_MODE', self._modes[device])]

    def _link(self, request, dump):
        wanted = _decoded(ifinfmsg, request)
        if any(wanted[name] for name in ('ifi_type', 'flags', 'change')):
            raise OSError(errno.EINVAL, '')
        name = wanted.get_attr('IFLA_IFNAME')
        if wanted['index'] or name not in self._vfs:
            raise OSError(errno.ENODEV, '')
        mask = wanted.get_attr('IFLA_EXT_MASK') or 0
        attributes = [('IFLA_IFNAME', name)]
        if mask & uapi.RTEXT_FILTER_VF:
            if not mask & uapi.RTEXT_FILTER_SKIP_STATS and (
                    len(self._vfs[name]) > _VFS_WITH_STATS):
                raise OSError(errno.EMSGSIZE, '')
            attributes.append(('IFLA_VFINFO_LIST', {'attrs': [
                ('IFLA_VF_INFO', {'attrs': [
                    ('IFLA_VF_MAC', {'vf': number, 'mac': mac})]})
                for number, mac in self._vfs[name].items()]}))
        yield encoded(ifinfmsg(), attributes, index=7, ifi_type=1)


def _decoded(kind, request):
    found = kind(request)
    found.decode()
    fields = struct.calcsize('=' + ''.join(form for _, form in kind.fields))
    start = _HEADER.size + fields
    while start < len(request):
        size, = struct.unpack_from('=H', request, start)
        start += size + 3 & ~3
    if found.get('reserved') or start > len(request):
        raise OSError(errno.EINVAL, '')
    return found
