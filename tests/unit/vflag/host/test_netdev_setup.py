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

"""Which device could not be set, and to what."""

import errno

import pytest

from os_vif_vflag import exception
from os_vif_vflag.host import errors
from os_vif_vflag.host import netdev_setup
from os_vif_vflag.privileged import calls

CALLS = {
    'up': (lambda: netdev_setup.set_up('dev0'), 'dev0', 'up'),
    'MTU': (lambda: netdev_setup.set_up('dev0', 9000), 'dev0',
            'up with MTU 9000'),
    'both': (lambda: netdev_setup.set_up('dev0', 9000, '02:00:00:00:00:01'),
             'dev0', 'up with MTU 9000 and MAC 02:00:00:00:00:01'),
    'down': (lambda: netdev_setup.set_down('dev0'), 'dev0', 'down'),
    'offload': (lambda: netdev_setup.turn_on_tc_offload(['dev0', 'dev1']),
                'dev0, dev1', 'to hw-tc-offload'),
}


def test_offload_is_turned_on_for_all_that_are_named(monkeypatch):
    on = []
    monkeypatch.setattr(calls.vif_plug, 'client_mode', False)
    monkeypatch.setattr(
        calls, 'turn_on_tc_offload', lambda names: on.extend(names) or {})
    netdev_setup.turn_on_tc_offload(['dev0', 'dev1'])
    assert on == ['dev0', 'dev1']


@pytest.mark.parametrize('call, device, what', CALLS.values(), ids=CALLS)
@pytest.mark.parametrize('number, error, words', [
    (errno.ENODEV, errors.LinkFailed,
     'Network device {} could not be set {}: because. '),
    (errno.EPERM, exception.PrivilegesMissing,
     'Network device {} could not be set: the privileged process of the '
     'plugin does not do its work (because)')])
def test_a_refusal_names_device_and_cause(
        monkeypatch, call, device, what, number, error, words):
    def refuse(*_):
        raise OSError(number, 'because')

    monkeypatch.setattr(calls.vif_plug, 'client_mode', False)
    for name in ('set_link', 'turn_on_tc_offload'):
        monkeypatch.setattr(calls, name, refuse)
    with pytest.raises(error) as caught:
        call()
    assert words.format(device, what) in str(caught.value)
