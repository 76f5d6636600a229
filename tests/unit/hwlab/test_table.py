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

"""The table of a run, and its exit status."""

import json

import pytest

from tests.hwlab import table


class Guest:

    def __init__(self, folder):
        self.folder = folder
        self.said = []
        self.table = table.Table(folder, self.said.append)

    def writes(self, name, text):
        with (self.folder / name).open('a') as file:
            file.write(text)
        self.table.read()

    def checks(self, name, passed=True):
        self.writes('table', json.dumps({
            'check': name, 'seconds': 1.5, 'passed': passed,
            'why': 'AssertionError'}) + '\n')


@pytest.fixture
def guest(tmp_path):
    return Guest(tmp_path)


def test_a_line_for_each_check(guest):
    guest.checks('VFs are found')
    guest.checks('names are found', passed=False)
    assert guest.said == [
        'PASS     1.5 s  VFs are found', 'FAIL     1.5 s  names are found',
        '      AssertionError']


def test_half_a_line_waits_for_the_rest(guest):
    guest.writes('boot', '1.0 the kernel ')
    assert guest.said == []
    guest.writes('boot', 'is up\n')
    assert guest.said == ['guest: 1.0 the kernel is up']


@pytest.mark.parametrize(('passed', 'failed'), [(3, 0), (2, 2)])
def test_exit_status_is_the_number_of_fails(guest, passed, failed):
    for good in [True] * passed + [False] * failed:
        guest.checks('x', good)
    guest.writes('end', '0\n')
    assert guest.table.finish() == failed


def test_a_guest_that_was_cut_off_has_failed(guest):
    guest.checks('x')
    assert guest.table.finish() == 1


def test_no_check_at_all_has_failed(guest):
    guest.writes('end', '5\n')
    assert guest.table.finish() == 1


def test_versions_are_said(guest, capsys):
    guest.checks('x')
    guest.writes('versions', 'kernel 6.12\n')
    guest.writes('end', '0\n')
    guest.table.finish()
    assert 'kernel 6.12' in ' '.join(guest.said)
