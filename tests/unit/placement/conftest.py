"""The services that the tests of VFs in Placement share."""

import pytest

from tests.unit.placement import host as hosts
from tests.unit.placement import services


@pytest.fixture
def traffic():
    return services.Traffic()


@pytest.fixture
def client(conf, traffic):
    """:returns: Nova's client of a Placement that is empty"""
    conf.config(host='host')
    with services.placement(traffic) as found:
        yield found


@pytest.fixture
def host(conf, client, traffic):
    """:returns: a host.Host with VFs in Placement, none yet"""
    conf.config(claim_in_placement=True, group='sriov')
    with services.cell(traffic):
        yield hosts.Host(client)
