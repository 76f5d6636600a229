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

"""Sysfs on everything a host that is being reconfigured can show."""

import pytest

from os_vif_vflag.kernel import sysfs


@pytest.fixture
def tree(tmp_path):
    """:returns: (Sysfs, its /sys folder)"""
    folder = tmp_path / 'sys'
    folder.mkdir()
    return sysfs.Sysfs(str(tmp_path)), folder


@pytest.mark.parametrize('content, text, number', [
    (b'8\n', '8', 8),
    (b'  12  \n\n', '12', 12),
    (b'', '', None),
    (b'\n', '', None),
    (b'-1\n', '-1', None),
    (b'0x10\n', '0x10', None),
    (b'8 VFs\n', '8 VFs', None),
    ('٣\n'.encode(), '٣', None),
    ('²\n'.encode(), '²', None),
    (b'p0\n', 'p0', None),
    (b'\xff\xfe\n', '\ufffd\ufffd', None),
])
def test_a_number_is_nothing_but_digits(tree, content, text, number):
    host, folder = tree
    (folder / 'attribute').write_bytes(content)
    assert (host.read('attribute'), host.number('attribute')) == (
        text, number)


def _missing(folder):
    return None


def _dangling(folder):
    (folder / 'x').symlink_to('nowhere/0000:03:00.1')


def _unreadable(folder):
    """A driver that answers with an errno; this one is ELOOP."""
    (folder / 'x').symlink_to('x')


def _folder(folder):
    (folder / 'x').mkdir()


def _file(folder):
    (folder / 'x').write_text('7\n')


def _link(folder):
    (folder / '0000:03:00.0').mkdir()
    (folder / 'x').symlink_to('../sys/0000:03:00.0')


@pytest.mark.parametrize('make, read, number, names, target, exists', [
    (_missing, None, None, [], None, False),
    (_dangling, None, None, [], '0000:03:00.1', False),
    (_unreadable, None, None, [], 'x', False),
    (_folder, None, None, [], None, True),
    (_file, '7', 7, [], None, True),
    (_link, None, None, [], '0000:03:00.0', True),
])
def test_nothing_raises(tree, make, read, number, names, target, exists):
    host, folder = tree
    make(folder)
    assert (host.read('x'), host.number('x'), host.names('x'),
            host.target('x'), host.exists('x')) == (
        read, number, names, target, exists)


def test_what_is_no_number_is_noted_with_its_beginning(tree):
    host, folder = tree
    (folder / 'attribute').write_text('x' * 100)
    assert host.number('attribute') is None
    assert [str(note) for note in host.unread] == [
        f'{folder}/attribute: {"x" * 40!r} is not a number']


def test_a_name_that_no_path_can_have_is_noted(tree):
    """What a file holds is used for a name, and may be anything."""
    host, folder = tree
    assert host.read('net', 'eth\0') is None
    assert host.target('net', 'eth\0') is None
    assert [str(note) for note in host.unread] == [
        f'{folder}/net/eth\0: embedded null byte']


def test_a_note_has_the_kernels_words(tree):
    host, folder = tree
    _unreadable(folder)
    assert host.read('x') is None
    assert [str(note) for note in host.unread] == [
        f'{folder}/x: Too many levels of symbolic links']


def test_names_are_sorted(tree):
    host, folder = tree
    for name in ('b', 'a', 'c'):
        (folder / 'net' / name).mkdir(parents=True)
    assert host.names('net') == ['a', 'b', 'c']


def test_the_real_root():
    assert sysfs.Sysfs().path('class', 'net') == '/sys/class/net'
