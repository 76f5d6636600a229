"""Who asks a simulated kernel to change links: pyroute2, and ``ip``.

``IPRoute`` stands in for pyroute2's in os_vif_vflag.privsep. ``main`` is the
command that stock Nova runs: ``ip link set``, in the words that Nova uses;
``command`` puts it into a folder for PATH.
"""

import pathlib
import sys

from pyroute2 import netlink

from tests.sim import vfs

_SCRIPT = '''#!{python}
import sys
sys.path.insert(0, {repository!r})
from tests.sim import iproute
sys.exit(iproute.main({root!r}, sys.argv[1:]))
'''
_ON_OFF = {'on': 1, 'off': 0}


class IPRoute:
    """:param table: tests.sim.vfs.Vfs"""

    def __init__(self, table):
        self._vfs = table

    def __call__(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def link(self, command, ifname, vf=None, mtu=None, **netdev):
        assert command == 'set'
        try:
            if vf:
                settings = dict(vf)
                self._vfs.set(ifname, settings.pop('vf'), settings)
            else:
                self._vfs.set_netdev(ifname, **netdev)
        except OSError as e:
            raise netlink.exceptions.NetlinkError(
                e.errno, e.strerror) from None


def patches(host):
    """What to replace so that os_vif_vflag changes a simulated host.

    :param host: tests.sim.sysfs.Sysfs
    :returns: tuple (tests.sim.vfs.Vfs, dict dotted name → what to put there)
    """
    table = vfs.Vfs(host.root)
    return table, {
        'os_vif_vflag.privsep.IPRoute': IPRoute(table),
        'os_vif_vflag.privsep.INFINIBAND': str(
            host.sys / 'class/infiniband'),
        'os_vif_vflag.privsep.vif_plug.client_mode': False,
    }


def command(root):
    """:param root: of a tests.sim.sysfs.Sysfs
    :returns: folder that holds the command ``ip``
    """
    folder = pathlib.Path(root, 'bin')
    folder.mkdir(exist_ok=True)
    script = folder / 'ip'
    script.write_text(_SCRIPT.format(
        python=sys.executable, root=str(root),
        repository=str(pathlib.Path(__file__).parents[2])))
    script.chmod(0o755)
    return folder


def main(root, arguments):
    """ip link set DEVICE [vf N [mac M] [vlan V] [trust on|off]]
                          [address M] [up|down]

    :returns: exit code: 2 when the kernel refuses
    """
    table = vfs.Vfs(root)
    link, verb, device, *words = arguments
    assert (link, verb) == ('link', 'set'), arguments
    state = words.pop() if words[-1] in ('up', 'down') else None
    said = dict(zip(words[::2], words[1::2], strict=True))
    try:
        if 'vf' in said:
            table.set(device, int(said.pop('vf')), {
                word: _VF[word](text) for word, text in said.items()})
        else:
            table.set_netdev(device, state=state, **said)
    except OSError as e:
        print(f'RTNETLINK answers: {e.strerror}', file=sys.stderr)
        return 2
    return 0


_VF = {
    'mac': str,
    'vlan': lambda text: {'vlan': int(text), 'qos': 0},
    'trust': _ON_OFF.get,
}
