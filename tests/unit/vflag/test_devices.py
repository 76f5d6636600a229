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


@pytest.mark.parametrize('call, device, what', CALLS.values(), ids=CALLS)
@pytest.mark.parametrize('number, error, words', [
    (errno.ENODEV, errors.LinkFailed,
     'Network device {} could not be set {}: because. '),
    (errno.EPERM, exception.PrivilegesMissing,
     'Network device {} could not be set: the privileged process of the '
     'plugin does not do its work (because)')])
def test_refused(monkeypatch, call, device, what, number, error, words):
    def refuse(*_):
        raise OSError(number, 'because')

    monkeypatch.setattr(calls.vif_plug, 'client_mode', False)
    for name in ('set_link', 'turn_on_tc_offload'):
        monkeypatch.setattr(calls, name, refuse)
    with pytest.raises(error) as caught:
        call()
    assert words.format(device, what) in str(caught.value)
