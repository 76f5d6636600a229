"""Nova's own functional tests of PCI devices, with this project in place of
the stock driver and claim, and its filter beside the stock one.

Run by stestr (``tox -e nova-tests``); the tests are those that the nova wheel
carries, unchanged.
"""

import os

os.environ.setdefault('OS_NOVA_DISABLE_EVENTLET_PATCHING', 'true')

# First of all of Nova: it patches at import.
import nova.tests.functional  # noqa: E402, F401
