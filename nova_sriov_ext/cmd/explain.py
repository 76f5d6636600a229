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

"""``nova-sriov explain``: which hosts would take a server, and why not."""

import argparse

from cliff.lister import Lister

from nova_sriov_ext.cmd import cells

_COLUMNS = ('Host', 'Cell', 'Verdict', 'Reason')

# Exit status: 1 and 2 are cliff's, for errors.
NO_HOST_PASSES = 3


class BadQuestion(Exception):
    """Nothing is requested."""


class Explain(Lister):
    """Show which hosts have the SR-IOV devices for a server, and why others
    do not.

    Nothing is created. It runs on a controller: ports are read from Neutron
    with the [neutron] credentials of nova.conf, flavors and hosts from Nova's
    databases. Hosts are judged as SriovCapacityFilter judges them, by that
    filter's options in this nova.conf; other filters are not run. With
    [sriov] query_placement it shows as well which hosts Placement would not
    return for want of VFs.

    The exit status is 0 when a host passes, 3 when none does, 1 when the
    question cannot be answered.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--port', metavar='PORT', action='append', default=[],
            help='Neutron port that the server would have, by id or name; '
                 'may be given more than once, in the order of the server')
        parser.add_argument(
            '--flavor', metavar='FLAVOR',
            help='flavor of the server, by id or name, for its PCI aliases '
                 'and sriov: extra specs')
        parser.add_argument('--host', metavar='HOST', help='only this host')
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        super().run(parsed_args)
        return self._status

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[
            tuple[str, ...], list[tuple[str, ...]]]:
        if not (parsed_args.port or parsed_args.flavor):
            raise BadQuestion('Say what the server would have: --port, '
                              '--flavor, or both.')
        cells.prepare(self.app_args.config_file)
        # They import Nova, which prepare has to come before.
        from nova_sriov_ext.cmd import search
        from nova_sriov_ext.cmd import server_request
        from nova_sriov_ext.cmd import verdict
        from nova_sriov_ext.demand import gather
        hosts = cells.chosen(cells.hosts(), parsed_args.host)
        spec = server_request.make(
            parsed_args.port, parsed_args.flavor, self.app.LOG.warning)
        searched = search.of(
            gather.of_spec(spec), self.app_args.config_file,
            self.app.LOG.warning)
        verdicts = verdict.of(hosts, spec, searched)
        passed = any(v.verdict == verdict.PASSES for v in verdicts)
        self._status = 0 if passed else NO_HOST_PASSES
        return _COLUMNS, [(v.host, v.cell, v.verdict, v.reason)
                          for v in verdicts]
