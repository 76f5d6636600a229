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

"""The demo never stands still without a word."""

import time

from tests.cloud import progress


def test_what_takes_long_is_named_again(capsys, monkeypatch):
    monkeypatch.setattr(progress, 'SILENCE', 0.05)
    shown = progress.Progress()
    with shown.heartbeat():
        shown.step('waiting for a bus')
        time.sleep(0.3)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 2
    assert all('still, for' in line and 'waiting for a bus' in line
               for line in lines[1:])


def test_who_speaks_is_not_interrupted(capsys, monkeypatch):
    monkeypatch.setattr(progress, 'SILENCE', 60)
    shown = progress.Progress()
    with shown.heartbeat():
        shown.step('one')
        shown.output('two')
    assert len(capsys.readouterr().out.splitlines()) == 2
