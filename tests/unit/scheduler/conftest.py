from nova import exception
from nova import objects
import pytest

from tests.unit.scheduler import ports


@pytest.fixture(autouse=True)
def neutron(monkeypatch):
    """Neutron, with no port in it yet."""
    found = ports.Neutron()
    monkeypatch.setattr('nova.network.neutron.get_client',
                        lambda context, admin=False: found)
    return found


@pytest.fixture(autouse=True)
def new_server(monkeypatch):
    """Servers are new: Nova's database does not know them."""
    def unknown(context, uuid):
        raise exception.InstanceMappingNotFound(uuid=uuid)

    monkeypatch.setattr(
        objects.InstanceMapping, 'get_by_instance_uuid', unknown)
