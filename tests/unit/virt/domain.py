#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""libvirt's own judges of an interface: its schema and its parser.

Neither needs hardware or a daemon: the schema comes with libvirt's library,
``test:///default`` runs the parser in this process.
"""

import contextlib
import functools
import pathlib

import libvirt
from lxml import etree
from nova.virt.libvirt import guest
import pytest

SCHEMA = pathlib.Path('/usr/share/libvirt/schemas/domain.rng')

libvirt.registerErrorHandler(lambda context, error: None, None)


def around(interface):
    """The smallest domain with this interface.

    :param interface: LibvirtConfigGuestInterface or another config class
    :returns: lxml element
    """
    domain = etree.fromstring(
        '<domain type="test"><name>sriov</name><memory>1024</memory>'
        '<os><type>hvm</type></os><devices/></domain>')
    domain.find('devices').append(interface.format_dom())
    return domain


@functools.cache
def schema():
    if not SCHEMA.exists():
        pytest.skip(f'{SCHEMA} is missing, libvirt0 of Debian has it')
    return etree.RelaxNG(etree.parse(SCHEMA))


@functools.cache
def connection():
    return libvirt.open('test:///default')


@contextlib.contextmanager
def defined(interface):
    """Define a domain with this interface.

    :returns: nova.virt.libvirt.guest.Guest
    :raises libvirt.libvirtError: libvirt does not take it
    """
    domain = connection().defineXML(
        etree.tostring(around(interface), encoding='unicode'))
    try:
        yield guest.Guest(domain)
    finally:
        domain.undefine()


def read_back(interface):
    """:returns: LibvirtConfigGuestInterface, as Nova finds it in the domain
        that libvirt made, or None when it does not"""
    with defined(interface) as of:
        return of.get_interface_by_cfg(interface)


def canonical(interface):
    """:returns: bytes, canonical XML"""
    return etree.tostring(interface.format_dom(), method='c14n')


def given_back(interface):
    """:returns: the lxml element that libvirt gives for it"""
    with defined(interface) as of:
        xml = etree.fromstring(
            of._domain.XMLDesc(0), etree.XMLParser(remove_blank_text=True))
    return xml.find('devices').find(interface.root_name)


def parts(element):
    """:returns: dict, canonical XML of each child by its tag"""
    return {child.tag: etree.tostring(child, method='c14n')
            for child in element}
