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

"""JSON-RPC as ovsdb-server speaks it (RFC 7047), without its Python code."""

import json
import socket


class Connection:
    """:param connection: 'unix:/path'"""

    def __init__(self, connection):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(connection.removeprefix('unix:'))
        self._decoder = json.JSONDecoder()
        self._text = ''

    def send(self, message):
        self._socket.sendall(json.dumps(message).encode())

    def receive(self):
        """:returns: dict, the next message; waits for it"""
        while True:
            try:
                message, end = self._decoder.raw_decode(self._text)
            except ValueError:
                self._text += self._socket.recv(65536).decode()
                continue
            self._text = self._text[end:]
            return message

    def close(self):
        self._socket.close()
