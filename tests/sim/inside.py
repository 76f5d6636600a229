"""Commands that see a simulated host: its /sys, its network namespace."""

import os
import pathlib

NETNS_FOLDER = pathlib.Path('/run/netns')

# The mount is the child's own and ends with it; nothing else on the
# machine sees it.
_MOUNT = 'mount --bind "$0" /sys && exec "$@"'


def command(argv, sys=None, netns=None):
    """The command line that runs argv on a simulated host; needs root.

    :param sys: the folder to see as /sys (tests.sim.sysfs), or None
    :param netns: the name of a network namespace, or None
    """
    argv = [str(part) for part in argv]
    if sys:
        argv = ['unshare', '--mount', 'sh', '-c', _MOUNT,
                str(sys), *argv]
    if netns:
        argv = ['nsenter', f'--net={NETNS_FOLDER / netns}', *argv]
    return argv


def why_not():
    """Why this process cannot do that; None if it can."""
    return None if os.geteuid() == 0 else 'mounting over /sys needs root'
