"""The scheduler's record of a host whose claim assigns the devices."""

from nova import exception
import pytest

from nova_sriov_ext import report
from nova_sriov_ext.scheduler import bookkeeping
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given


@pytest.fixture
def record(conf):
    """:returns: HostState with pools of 3 and 2 VFs"""
    found = hosts.host('h1', given.pool(3, address='0000:03:00.0'),
                       given.pool(2, address='0000:03:00.1'))
    found.stats = {report.STATS_KEY: report.write(
        report.Report(claim='assign'))}
    bookkeeping.adapt(found)
    return found


def counts(record):
    return [pool['count'] for pool in record.pci_stats.pools]


def test_each_device_is_taken_once(record):
    record.pci_stats.apply_requests(
        [given.alias_request('a1', 1, [{'vendor_id': '15b3'}]),
         given.alias_request('a2', 1, [{'vendor_id': '15b3'}]),
         given.alias_request('a3', 2, [{'vendor_id': '15b3'}])], {})
    assert sum(counts(record)) == 1


def test_no_assignment_takes_nothing_and_names_the_requests(record):
    asked = [given.alias_request('first', 1, [{'vendor_id': '15b3'}]),
             given.alias_request('second', 5, [{'vendor_id': '15b3'}])]
    with pytest.raises(exception.PciDeviceRequestFailed, match='second'):
        record.pci_stats.apply_requests(asked, {})
    assert counts(record) == [3, 2]


def test_a_record_is_adapted_once(record):
    """HostState.update runs for every request of the scheduler."""
    there = record.pci_stats
    bookkeeping.adapt(record)
    assert record.pci_stats is there
