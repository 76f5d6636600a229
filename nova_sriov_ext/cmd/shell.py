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

"""``nova-sriov``: the operator's commands."""

import argparse
import importlib.metadata
import logging
import sys
from typing import Any

from cliff.app import App
from cliff.commandmanager import CommandManager


class Shell(App):
    """The application: options that all commands share, and Nova's setup."""

    # Warnings; -v shows what libraries log on the way.
    DEFAULT_VERBOSE_LEVEL = 0

    def __init__(self) -> None:
        super().__init__(
            description='Look after SR-IOV networking of OpenStack Nova.',
            version=importlib.metadata.version('nova-sriov-ext'),
            command_manager=CommandManager('nova_sriov.commands'),
            deferred_help=True)

    def build_option_parser(
            self, description: str | None, version: str | None,
            argparse_kwargs: dict[str, Any] | None = None,
    ) -> argparse.ArgumentParser:
        parser = super().build_option_parser(
            description, version, argparse_kwargs)
        parser.add_argument(
            '--config-file', action='append', metavar='FILE',
            help='nova.conf to read; may be given more than once '
                 '(default: where Nova looks for it)')
        return parser

    def configure_logging(self) -> None:
        super().configure_logging()
        if not (self.options.verbose_level or self.options.debug):
            # They log what the command then reports, with tracebacks,
            # retries and deprecations.
            for library in ('nova', 'neutronclient', 'keystoneauth'):
                logging.getLogger(library).setLevel(logging.CRITICAL)

    def interact(self) -> None:
        """Without a command there is nothing to do, and no dialogue: Nova
        reads its configuration once in a process."""
        self.run_subcommand(['help'])


def main(argv: list[str] | None = None) -> int:
    """:returns: exit status"""
    return Shell().run(sys.argv[1:] if argv is None else argv)
