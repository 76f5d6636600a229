"""What Neutron says of ports."""


class Neutron:
    """The one call of Nova's client of Neutron that the filter makes.

    :ivar ports: dict, id → port
    :ivar calls: how often it was asked
    :ivar error: what it raises instead of an answer
    """

    def __init__(self):
        self.ports = {}
        self.calls = 0
        self.error = None

    def add(self, port, **attributes):
        self.ports[port] = {'id': port, **attributes}

    def list_ports(self, id):
        self.calls += 1
        if self.error:
            raise self.error
        return {'ports': [self.ports[one] for one in id
                          if one in self.ports]}
