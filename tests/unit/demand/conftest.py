"""As in the scheduler: servers are new, Neutron has no ports."""

from tests.unit.scheduler.conftest import neutron
from tests.unit.scheduler.conftest import new_server
from tests.unit.scheduler.conftest import stock

__all__ = ['neutron', 'new_server', 'stock']
