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

"""Which tests are a module's own: they alone judge its mutants."""

import pathlib

ROOT = pathlib.Path(__file__).parents[2]

# Folder of modules: the tests that state what they do. Within them, a mutant
# is judged by those that call the function it is in.
# What decides in the scheduler for hosts with this project's claim, the tests
# of both say: the claim is made of it.
OWN = {
    'nova_sriov_ext/scheduler': ['tests/unit/scheduler', 'tests/unit/claim'],
    'nova_sriov_ext/fit': ['tests/unit/fit', 'tests/unit/scheduler',
                           'tests/unit/claim'],
    'nova_sriov_ext/demand': ['tests/unit/demand', 'tests/unit/scheduler',
                              'tests/unit/claim'],
    'nova_sriov_ext/report': ['tests/unit/report'],
    'nova_sriov_ext/claim': ['tests/unit/claim'],
    'nova_sriov_ext/placement': ['tests/unit/placement'],
    'nova_sriov_ext/virt/libvirt': ['tests/unit/virt'],
    'os_vif_vflag': ['tests/unit/vflag'],
    'os_vif_vflag/ovs': ['tests/unit/vflag'],
    'os_vif_vflag/host': ['tests/unit/vflag/host',
                          'tests/unit/vflag/privileged'],
    'os_vif_vflag/kernel': ['tests/unit/vflag/kernel',
                            'tests/unit/vflag/host',
                            'tests/unit/vflag/privileged'],
    'os_vif_vflag/privileged': ['tests/unit/vflag/privileged'],
}
# What the driver for Nova alone uses, its tests say.
_OF_THE_DRIVER = ['tests/unit/virt/test_vf_setup.py',
                  'tests/unit/virt/test_infiniband.py']
_HOST = 'tests/unit/vflag/host/test_'
OWN_OF_MODULE = {
    'os_vif_vflag/host/bonds.py': [f'{_HOST}bonds.py'],
    'os_vif_vflag/host/host.py': [f'{_HOST}host.py', f'{_HOST}single.py',
                                  f'{_HOST}representors.py'],
    'os_vif_vflag/host/lag.py': [f'{_HOST}lag.py'],
    'os_vif_vflag/host/model.py': [f'{_HOST}lag.py'],
    'os_vif_vflag/host/netdev_setup.py': [
        f'{_HOST}netdev_setup.py', 'tests/unit/vflag/privileged'],
    'os_vif_vflag/host/netdevs.py': [
        f'{_HOST}netdevs.py', f'{_HOST}host.py', f'{_HOST}single.py'],
    'os_vif_vflag/host/pfs.py': [f'{_HOST}pfs.py'],
    'os_vif_vflag/host/representors.py': [
        f'{_HOST}representors.py', f'{_HOST}representor_finder.py'],
    'os_vif_vflag/host/snapshot.py': [f'{_HOST}snapshot.py',
                                      f'{_HOST}host.py'],
    'os_vif_vflag/host/vf_settings.py': _OF_THE_DRIVER,
    'os_vif_vflag/host/ib_partition.py': [
        *_OF_THE_DRIVER, 'tests/unit/vflag/host/test_ib_partition.py'],
}

# Tests that judge none: each fork would start a process that loads Nova.
WITHOUT = ('tests/unit/virt/test_side_by_side.py',
           'tests/unit/vflag/host/test_stock.py')


def chosen(patterns):
    """Paths of the modules that match one of the patterns, from the root;
    all when there are none. In the order of OWN."""
    found = [path.relative_to(ROOT) for folder in OWN
             for path in sorted((ROOT / folder).glob('*.py'))
             if path.read_text().strip()]
    return [str(path) for path in found
            if not patterns or any(path.match(one) for one in patterns)]


def own_tests(path):
    """What pytest is called with for the module at this path."""
    return OWN_OF_MODULE.get(path) or OWN[str(pathlib.PurePath(path).parent)]


def files(own):
    """Files of one of own_tests, a folder or a file."""
    path = ROOT / own
    return path.rglob('*.py') if path.is_dir() else [path]


def name(path):
    """As Python imports it."""
    return '.'.join(pathlib.PurePath(path).with_suffix('').parts).removesuffix(
        '.__init__')
