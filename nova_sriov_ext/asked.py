"""Which ports ask for a VF of a PF in switchdev mode.

A person asks for it: by the port's ``hardware_offload_type`` (Neutron's
extension port-hardware-offload-type), or by writing ``capabilities`` into its
binding profile. Since 2023.2 Nova writes there, too: all features that
libvirt knows of the VF that it bound, and leaves them there on unbind
(``_get_vf_pci_device_profile`` and ``_unbind_ports`` in
nova/network/neutron.py). Such a list names what a VF had, not what was asked.
"""

from concurrent import futures
import threading

from nova import context
import nova.conf
from nova.network import neutron

from nova_sriov_ext import conf

CONF = conf.register(nova.conf.CONF)

SWITCHDEV = 'switchdev'


def for_switchdev(ports):
    """Ask Neutron about all the ports at once, for a limited time.

    :param ports: collection of the ids of ports
    :returns: frozenset of the ids of those that ask; a port that is gone
        asks for nothing
    :raises: TimeoutError after ``[sriov]port_timeout``, and whatever Nova's
        client of Neutron raises
    """
    return (within(CONF.sriov.port_timeout, ask, ports) if ports
            else frozenset())


def ask(ports):
    """As for_switchdev, but for as long as Neutron takes; Nova's client
    waits for ever by default (``[neutron]timeout``)."""
    client = neutron.get_client(context.get_admin_context(), admin=True)
    found = client.list_ports(id=sorted(ports))['ports']
    return frozenset(port['id'] for port in found if asks(port))


def within(seconds, function, *args):
    """Call a function that may hang; its thread is then left behind, and
    does not keep the process from ending.

    :raises: TimeoutError, and whatever the function raises
    """
    answer = futures.Future()

    def call():
        try:
            answer.set_result(function(*args))
        except BaseException as e:
            answer.set_exception(e)

    threading.Thread(target=call, name='sriov-ports', daemon=True).start()
    return answer.result(seconds)


def asks(port):
    """:param port: dict, a port as Neutron shows it
    :returns: bool
    """
    if port.get('hardware_offload_type') == SWITCHDEV:
        return True
    profile = port.get('binding:profile')
    # Every VF has more features than this one: rx, tx and so on.
    return isinstance(profile, dict) and (
        profile.get('capabilities') == [SWITCHDEV])
