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

"""The command ``ip`` of a simulated host, in the words that Nova uses."""

from collections.abc import Callable
import pathlib
import sys

from tests.sim import vfs

_SCRIPT = '''#!{python} -S
import sys
sys.path.insert(0, {repository!r})
from tests.sim import ip
sys.exit(ip.main({root!r}, sys.argv[1:]))
'''
_ON_OFF = {'on': 1, 'off': 0}


def command(root: str | pathlib.Path) -> pathlib.Path:
    """:param root: of a tests.sim.sysfs.Sysfs
    :returns: folder for PATH that holds the command
    """
    folder = pathlib.Path(root, 'bin')
    folder.mkdir(exist_ok=True)
    script = folder / 'ip'
    script.write_text(_SCRIPT.format(
        python=sys.executable, root=str(root),
        repository=str(pathlib.Path(__file__).parents[2])))
    script.chmod(0o755)
    return folder


def main(root: str, arguments: list[str]) -> int:
    """ip link set DEVICE [vf N [mac M] [vlan V] [trust on|off]]
                          [address M] [mtu N] [up|down]

    :returns: exit code: 2 when the kernel refuses
    """
    table = vfs.Vfs(root)
    link, verb, device, *words = arguments
    assert (link, verb) == ('link', 'set'), arguments
    state = words.pop() if words[-1] in ('up', 'down') else None
    given = dict(zip(words[::2], words[1::2], strict=True))
    number, mtu = given.pop('vf', None), given.pop('mtu', None)
    try:
        if number is not None:
            table.set(device, int(number), {
                word: _VF[word](text) for word, text in given.items()})
        else:
            table.set_netdev(device, given.pop('address', None), state,
                             None if mtu is None else int(mtu))
            assert not given, arguments
    except OSError as e:
        print(f'RTNETLINK answers: {e.strerror}', file=sys.stderr)
        return 2
    return 0


_VF: dict[str, Callable[[str], vfs.Setting]] = {
    'mac': str,
    'vlan': lambda text: {'vlan': int(text), 'qos': 0},
    'trust': _ON_OFF.__getitem__,
}
