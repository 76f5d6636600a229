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
