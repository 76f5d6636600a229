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

"""A real libvirtd of one's own, with the QEMU driver.

    with Libvirtd() as libvirtd:
        connection = libvirt.open(libvirtd.uri)

What it writes outside its folder is on file systems of its own mount
namespace, gone with it; so is the user that Debian's build of libvirt wants
to find, which the package libvirt-daemon-system would make.
"""

import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TIMEOUT = 20
_QEMU = 'qemu-system-x86_64'

_CONF = """
unix_sock_dir = "{folder}"
auth_unix_rw = "none"
log_outputs = "1:file:{folder}/libvirtd.log"
"""

_QEMU_CONF = """
user = "root"
group = "root"
security_driver = "none"
"""

_INSIDE = """
set -e
mount --bind passwd /etc/passwd
mount --bind group /etc/group
for folder in /run /var /etc/libvirt; do mount -t tmpfs tmpfs $folder; done
cp qemu.conf /etc/libvirt/
exec setpriv --pdeathsig KILL libvirtd -f libvirtd.conf -p libvirtd.pid
"""


def why_not():
    """Why this machine cannot run it; None if it can."""
    for program, package in (('libvirtd', 'libvirt-daemon'),
                             (_QEMU, 'qemu-system-x86')):
        if not shutil.which(program):
            return f'{program} is missing: install {package}'
    probe = subprocess.run(
        ['unshare', '-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/run'],
        capture_output=True, text=True)
    return probe.stderr.strip() or None


class Libvirtd:

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.folder = pathlib.Path(stack.enter_context(
                # Neither below /run nor /var, and short: a socket's path
                # has at most 107 characters.
                tempfile.TemporaryDirectory(prefix='libvirtd-', dir='/tmp')))
            self._write()
            self._process = subprocess.Popen(
                ['unshare', '-m', 'sh', '-c', _INSIDE], cwd=self.folder,
                stdout=sys.stderr)
            stack.callback(self._stop)
            self._wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        self._stack.close()

    @property
    def uri(self):
        return f'qemu+unix:///system?socket={self._socket}'

    @property
    def _socket(self):
        return self.folder / 'libvirt-sock'

    def _write(self):
        users = pathlib.Path('/etc/passwd').read_text()
        groups = pathlib.Path('/etc/group').read_text()
        for name, text in {
                'libvirtd.conf': _CONF.format(folder=self.folder),
                'qemu.conf': _QEMU_CONF,
                'passwd': f'{users}libvirt-qemu:x:64055:64055::/:/bin/false\n',
                'group': f'{groups}libvirt-qemu:x:64055:\n'}.items():
            (self.folder / name).write_text(text)

    def _wait(self):
        deadline = time.monotonic() + TIMEOUT
        while not self._socket.exists():
            assert self._process.poll() is None, self._log()
            assert time.monotonic() < deadline, self._log()
            time.sleep(0.02)

    def _log(self):
        file = self.folder / 'libvirtd.log'
        return file.read_text() if file.exists() else 'libvirtd wrote no log'

    def _stop(self):
        self._process.terminate()
        self._process.wait(TIMEOUT)
