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

"""Where the demo keeps what: one folder, nothing outside of it."""

import dataclasses
import os
import pathlib
import shutil
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def default_root():
    """The state folder: in the checkout, or where SRIOV_DEMO_STATE says."""
    return pathlib.Path(os.environ.get(
        'SRIOV_DEMO_STATE', CHECKOUT / '.cache' / 'cloud')).resolve()


@dataclasses.dataclass(frozen=True)
class State:
    """The folders of one cloud.

    `run` is of one run; templates outlive it, so that the next starts
    warm.
    """

    root: pathlib.Path = dataclasses.field(default_factory=default_root)

    @property
    def run(self):
        return self.root / 'run'

    @property
    def machine(self):
        """Who holds the namespaces of the run."""
        return self.root / 'machine.json'

    @property
    def lock(self):
        return self.root / 'lock'

    def folder(self, *names):
        """A folder of the run, made if it is not there."""
        path = self.run.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, name):
        return self.folder('log') / f'{name}.log'

    def clear_run(self):
        shutil.rmtree(self.run, ignore_errors=True)
        self._modules.mkdir(parents=True)
        (self._modules / 'tests').symlink_to(CHECKOUT / 'tests')

    @property
    def _modules(self):
        """A folder that gives Python our `tests` and nothing else.

        The checkout itself would hide the installed package, which is what
        the demo is about.
        """
        return self.run / 'python'

    def environment(self):
        """The variables of what we start."""
        return {**os.environ, 'PYTHONPATH': str(self._modules),
                'PYTHONUNBUFFERED': '1', 'PATH': search_path()}


def tool(name):
    """A command of the environment that we run in."""
    return str(pathlib.Path(sys.executable).parent / name)


def search_path():
    """PATH with the tools of our environment: agents call privsep-helper."""
    return os.pathsep.join([
        os.path.dirname(sys.executable), os.environ.get('PATH', ''),
        '/usr/sbin', '/sbin'])


def environment_file(*names):
    """A file that the services' wheels carry under etc/."""
    path = pathlib.Path(sys.prefix, 'etc', *names)
    if not path.exists():
        raise FileNotFoundError(
            f'{path} is missing: is {names[0]} installed in {sys.prefix}? '
            'Run the demo with `make demo`.')
    return path
