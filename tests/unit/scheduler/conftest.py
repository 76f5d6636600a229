import pytest

from tests.unit.scheduler import ports


@pytest.fixture(autouse=True)
def neutron(monkeypatch):
    """Neutron, with no port in it yet."""
    found = ports.Neutron()
    monkeypatch.setattr('nova.network.neutron.get_client',
                        lambda context, admin=False: found)
    return found
