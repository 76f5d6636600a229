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

"""``nova-sriov``: help, and errors of the command line."""

import pytest

from tests.unit.cmd import script


@pytest.fixture
def no_nova(tmp_path):
    """A folder in which Nova cannot be imported."""
    (tmp_path / 'nova').mkdir()
    (tmp_path / 'nova' / '__init__.py').write_text(
        'raise ImportError("no Nova here")\n')
    return tmp_path


@pytest.mark.parametrize('words', [
    ['--help'], ['help', 'capacity', 'list'], ['capacity', 'list', '--help'],
])
def test_help_needs_no_nova(no_nova, words):
    result = script.run(*words, path=[no_nova])
    assert (result.status, result.err) == (0, '')
    assert 'VFs in total, used and free' in result.out


def test_the_version_is_that_of_nova_sriov():
    result = script.run('--version')
    assert (result.status, result.err) == (0, '')
    assert result.out.startswith('nova-sriov ')


@pytest.mark.parametrize('words, status, hint', [
    ([], 1, 'capacity list'),
    (['capacity', 'frobnicate'], 2, 'capacity list'),
    (['capacity', 'list', '--frobnicate'], 2, '--frobnicate'),
])
def test_wrong_words(words, status, hint):
    result = script.run(*words)
    assert result.status == status
    assert hint in result.out + result.err
    assert 'Traceback' not in result.out + result.err
