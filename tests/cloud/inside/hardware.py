"""Plugs the simulated cards in, and they are there as long as it runs.

python -m … FOLDER: makes FOLDER/<host>/sys, to be mounted over /sys, and
the netdevs; then FOLDER/plugged says that all is there.
"""

import contextlib
import pathlib
import signal
import sys

from tests.cloud import hosts
from tests.sim.netdevs import Netdevs
from tests.sim.sysfs import Sysfs


def main():
    folder = pathlib.Path(sys.argv[1])
    with contextlib.ExitStack() as stack:
        for host in hosts.HOSTS:
            tree = Sysfs(folder / host.name, *host.cards)
            # All hosts share one network namespace: one Open vSwitch and
            # one loopback serve them.
            stack.enter_context(
                Netdevs(tree, host.name, own_namespace=False))
        (folder / 'plugged').touch()
        signal.pause()


if __name__ == '__main__':
    main()
