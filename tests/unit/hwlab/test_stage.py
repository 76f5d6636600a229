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

"""Stages of the lab are built when something that they come from changes."""

import pytest

from tests.hwlab import stage


@pytest.fixture
def file(tmp_path):
    found = tmp_path / 'inputs.txt'
    found.write_text('one')
    return found


@pytest.fixture
def built(tmp_path, file):
    """A function: text → whether a stage with it and the file was built."""
    def build(text='text'):
        one = stage.Stage(tmp_path / 'stage', (file, text))
        return one.build(lambda folder: (folder / 'made').touch()) is not None
    return build


def test_once(built):
    assert [built(), built()] == [True, False]


@pytest.mark.parametrize('change', [
    lambda file: file.write_text('two'), lambda file: 'other'])
def test_again_after_a_change(built, file, change):
    built()
    text = change(file)
    assert built(text if isinstance(text, str) else 'text')


def test_what_was_there_is_gone(tmp_path, built, file):
    built()
    (tmp_path / 'stage' / 'old').touch()
    file.write_text('two')
    built()
    assert not (tmp_path / 'stage' / 'old').exists()


def test_a_build_that_failed_begins_again(tmp_path, file):
    one = stage.Stage(tmp_path / 'stage', (file,))

    def fail(folder):
        raise OSError('no space')

    with pytest.raises(OSError):
        one.build(fail)
    assert not one.is_built
    assert one.build(lambda folder: None) is not None


def test_two_inputs_are_not_one(tmp_path):
    keys = {stage.Stage(tmp_path, inputs).key
            for inputs in (('ab', 'c'), ('a', 'bc'), ('abc',))}
    assert len(keys) == 3


def test_lines_of_a_list(tmp_path):
    file = tmp_path / 'list'
    file.write_text('# why\none\n\ntwo  # more\n')
    assert list(stage.lines(file)) == ['one', 'two']
