"""Nova's own functional tests, with this project in place of the stock
driver, claim and filter.

Run by stestr (``tox -e nova-tests``); the tests are those that the nova wheel
carries, unchanged. ``modules`` says which, ``in_place`` how, ``exclude.txt``
which of them cannot hold and why, ``ci.txt`` which are run at every change.
"""

import os

os.environ.setdefault('OS_NOVA_DISABLE_EVENTLET_PATCHING', 'true')

# First of all of Nova: it patches at import.
import nova.tests.functional  # noqa: E402, F401
