"""Connections to a remote ovsdb-server that notice when it is gone.

As os-vif's own plugin does it, for the whole process: the kernel's keepalives
instead of python-ovs' probes. Those are answered by a thread of ovsdbapp, and
a process that is busy elsewhere would lose its connection every few seconds.
"""

import socket

from ovs import stream


class _Kept:

    @staticmethod
    def needs_probes():
        return False

    @classmethod
    def _open(cls, suffix, dscp):
        error, opened = super()._open(suffix, dscp)
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return error, opened


class TcpStream(_Kept, stream.TCPStream):
    pass


class SslStream(_Kept, stream.SSLStream):
    pass


def register():
    stream.Stream.register_method('tcp', TcpStream)
    stream.Stream.register_method('ssl', SslStream)
