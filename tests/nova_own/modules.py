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

"""Which of Nova's functional tests are run."""

import importlib
import pkgutil

PACKAGE = 'nova.tests.functional'

# What stands for all modules of a package.
ALL = '*'

# Module below PACKAGE → what the names of its test cases start with.
MODULES = {
    # Nova's libvirt driver, and so all of this project.
    f'libvirt.{ALL}': '',
    # Nova's fake driver: filter and claim.
    'compute.test_init_host': '',
    'compute.test_live_migration': '',
    'compute.test_resource_tracker': '',
    f'regressions.{ALL}': '',
    'test_availability_zones': '',
    'test_boot_from_volume': '',
    'test_cold_migrate': '',
    'test_cross_cell_migrate': '',
    'test_flavor_extraspecs': '',
    'test_graceful_shutdown': '',
    'test_nova_manage': 'TestNovaManagePlacementHeal',
    'test_routed_networks': '',
    'test_scheduler': '',
    'test_server_group': '',
    'test_server_rescue': '',
    'test_servers': '',
    'test_servers_provider_tree': '',
    'test_servers_resource_request': '',
    'wsgi.test_servers': '',
}


def cases(loader):
    """:param loader: unittest.TestLoader
    :returns: iterable of unittest.TestSuite, one per test case
    """
    for name, prefix in MODULES.items():
        for module in _modules(name):
            for case in _cases(module, prefix):
                yield loader.loadTestsFromTestCase(case)


def _modules(name):
    parent, _, last = name.rpartition('.')
    if last != ALL:
        return [importlib.import_module(f'{PACKAGE}.{name}')]
    package = importlib.import_module(f'{PACKAGE}.{parent}')
    return [importlib.import_module(f'{package.__name__}.{found.name}')
            for found in pkgutil.iter_modules(package.__path__)
            if found.name.startswith('test_')]


def _cases(module, prefix):
    """Those that another module has already shown are left out."""
    return [value for name, value in vars(module).items()
            if isinstance(value, type) and name.startswith(prefix)
            and value.__module__ == module.__name__
            and hasattr(value, 'countTestCases')]
