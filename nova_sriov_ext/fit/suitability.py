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

"""Eswitch mode and LAG state of a pool's PF, and whether they suit."""

from nova_sriov_ext.fit import reasons
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states
from nova_sriov_ext.report.networks import PHYSNET

# The tag that says it where the compute host reports nothing.
MODE_TAG = 'eswitch_mode'


def mode_of(pool, report):
    """:param pool: dict, one of ``PciDeviceStats.pools``
    :param report: document.Report of its host
    :returns: one of MODES
    """
    row = _row(pool, report)
    mode = row.mode if row else document.UNKNOWN
    if mode == document.UNKNOWN:
        mode = pool.get(MODE_TAG)
    known = mode in (states.LEGACY, states.SWITCHDEV)
    return mode if known else document.UNKNOWN


def lag_of(pool, report):
    """:returns: LAG state of the report's row, ``unknown`` without one"""
    row = _row(pool, report)
    return row.lag if row else document.UNKNOWN


def _row(pool, report):
    return report.by_pf.get((pool.get('address'), pool.get(PHYSNET)))


def unsuitable_because(pool, request, report):
    """Why devices of a pool that serves a request do not suit it.

    :param request: model.Request
    :returns: (one of the constants of reasons, what they are), None when
        they suit
    """
    if request.modes is not None:
        mode = mode_of(pool, report)
        if mode not in request.modes:
            return reasons.MODE, mode
    if request.lags is not None:
        lag = lag_of(pool, report)
        if lag not in request.lags:
            return reasons.LAG, lag
    return None
