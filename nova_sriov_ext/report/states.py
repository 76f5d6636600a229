"""Eswitch modes and LAG states, as a report has them."""

from nova_sriov_ext.report import document

LEGACY = 'legacy'
SWITCHDEV = 'switchdev'
MODES = frozenset((LEGACY, SWITCHDEV, document.UNKNOWN))

UNHEALTHY = frozenset(('inactive', 'degraded'))
HEALTHY = frozenset(('active', 'none', document.UNKNOWN))
