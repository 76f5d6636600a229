"""PCI addresses as numbers."""

import re

_ADDRESS = re.compile(
    r'([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])')


def routing_id(address):
    """:returns: bus, device and function as one number, or None"""
    match = _ADDRESS.fullmatch(address)
    if not match:
        return None
    _, bus, device, function = (int(part, 16) for part in match.groups())
    return bus << 8 | device << 3 | function


def function(address):
    """:returns: int, or None"""
    number = routing_id(address)
    return None if number is None else number & 7


def vf_addresses(pf, offset, stride, count):
    """As the kernel computes them (drivers/pci/iov.c, pci_iov_virtfn_devfn).

    :param pf: PCI address
    :returns: set of the PCI addresses of its first VFs
    """
    domain, first = pf.partition(':')[0], routing_id(pf) + offset
    return {f'{domain}:{number >> 8:02x}:{number >> 3 & 31:02x}.{number & 7}'
            for number in range(first, first + stride * count, stride)}
