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

"""VIF objects that os-vif's own fields would never have let through.

os-vif coerces what is assigned to a field. What came over RPC, or from
another os-vif consumer's own objects, need not have gone that way.
"""

import dataclasses

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import os_vif

from os_vif_vflag import exception
from tests.lab import osvif
from tests.lab import ovs

MISSING = 'MISSING'
OURS = (exception.InvalidVif, exception.PlugFailed, exception.UnplugFailed)


@dataclasses.dataclass(frozen=True)
class Damage:
    """:ivar field: of the VIF: "id", "network.mtu", "port_profile.…"; or
        "instance", "instance.uuid"
    :ivar value: what is there instead, or MISSING
    """

    field: str
    value: object

    def do(self, vif, instance):
        """:returns: tuple (VIF, instance), one of them damaged"""
        whole = {'instance': instance}
        *path, name = self.field.split('.')
        target = whole if self.field in whole else vif
        for part in path:
            target = whole.get(part) or getattr(target, part)
        if target is whole:
            return vif, None if self.value == MISSING else self.value
        if self.value == MISSING:
            target.__dict__.pop(f'_obj_{name}', None)
        else:
            setattr(target, f'_obj_{name}', self.value)
        return vif, instance


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What a call of the plugin itself, without os-vif, came to.

    :ivar error: name of the exception's class, '' without one
    """

    error: str
    text: str
    changed: bool


def attempt(options, cases):
    """:param cases: list of (action, osvif.Port, Damage or None)
    :returns: list of Attempt
    """
    osvif.act(options)
    return [_attempt(options, *case) for case in cases]


def fuzz(options, port, fields, examples):
    """Put any value into any field: os-vif exceptions of ours, and a database
    as before, or a plug that its unplug undoes.

    :param fields: list of Damage.field
    :returns: tuple of counts (refused, plugged)
    """
    counts = {True: 0, False: 0}
    osvif.act(options)

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.builds(Damage, st.sampled_from(fields), _VALUES))
    def run(damage):
        plugged = _attempt(options, 'plug', port, damage)
        counts[plugged.error == ''] += 1
        assert plugged.error in ('', *(c.__name__ for c in OURS)), plugged
        assert not (plugged.error and plugged.changed), plugged
        if not plugged.error:
            assert plugged.changed
            undone = _attempt(options, 'unplug', port, damage)
            assert undone.error == '' and undone.changed, undone
        unplugged = _attempt(options, 'unplug', port, damage)
        assert unplugged.error in ('', 'InvalidVif'), unplugged
        assert not unplugged.changed, unplugged

    run()
    return counts[False], counts[True]


def _attempt(options, action, port, damage):
    plugin = os_vif._EXT_MANAGER['vflag'].obj
    connection = options['os_vif_vflag']['ovsdb_connection']
    vif, instance = port.vif(), port.instance()
    if damage:
        vif, instance = damage.do(vif, instance)
    before = ovs.dump(connection)
    try:
        getattr(plugin, action)(vif, instance)
        error = text = ''
    except Exception as e:
        error, text = type(e).__name__, str(e)
    return Attempt(error, text, ovs.dump(connection) != before)


_ABSURD = ('br int', 'br/int', '.', '..', '\0', '\n', 'x' * 300, 'tbr-' * 75,
           'tbr-new', '0000:03:00.0', '0000:03:00.1', 'ffff:ff:1f.7',
           '../../../etc', '0000:03:00.1\n', 'system', 'netdev', 'ethernet',
           'ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00', '\ud800',
           '6f6f6f6f-0000-4000-8000-000000000000')
_SCALARS = (st.none() | st.booleans() | st.integers() | st.floats()
            | st.sampled_from(_ABSURD) | st.text(max_size=20)
            | st.binary(max_size=5) | st.just(MISSING))
_VALUES = _SCALARS | st.lists(_SCALARS, max_size=3) | st.dictionaries(
    st.text(max_size=3), _SCALARS, max_size=2)
