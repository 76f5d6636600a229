"""Serve a WSGI module of OpenStack: python -m … MODULE PORT THREADS

waitress has a command line of its own, but the modules read their options
from sys.argv (nova/api/openstack/wsgi_app.py, neutron/server/__init__.py),
and would take waitress's for theirs.
"""

import importlib
import sys

import waitress

from tests.cloud.inside import sqlite  # noqa: F401  it registers itself


def main():
    module, port, threads = sys.argv[1:]
    del sys.argv[1:]
    application = importlib.import_module(module).application
    waitress.serve(application, host='127.0.0.1', port=int(port),
                   threads=int(threads))


if __name__ == '__main__':
    main()
