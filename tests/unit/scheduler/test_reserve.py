"""How many VFs a reserve keeps free."""

import pytest

from nova_sriov_ext import report
from nova_sriov_ext.scheduler import reserve

ROWS = (report.Row('a', 'physnet1', 3, 'legacy'),
        report.Row('b', 'PHYSNET1', 4, 'switchdev'),
        report.Row('c', 'physnet2', 5, 'legacy'))


@pytest.mark.parametrize('physnet, rows, complete, total', [
    ('physnet1', ROWS, True, 7), ('physnet3', ROWS, True, None),
    ('physnet1', (), True, None), ('physnet1', ROWS, False, None)])
def test_total_of_a_report_that_is_whole(physnet, rows, complete, total):
    """Of a report that was cut, a percentage would be too few."""
    found = report.Report(rows, complete=complete)
    assert reserve.total(found, physnet) == total
