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

"""What libvirt takes and Nova's config classes cannot write.

Nova finds the device to detach by ``type(cfg)`` (Guest.get_interface_by_cfg):
with a subclass it would find none, warn, and unplug a device that is still in
the guest. So the class stays Nova's, and one object learns to write more.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TypeVar

from lxml import etree
from nova.virt.libvirt import config

# Changes the element that a config writes.
Change = Callable[[etree._Element], None]

_Conf = TypeVar('_Conf')


def add(conf: config.LibvirtConfigGuestDevice, *changes: Change) -> None:
    """Let a config write more than its class does."""
    written = conf.format_dom

    def format_dom() -> etree._Element:
        element: etree._Element = written()
        for change in changes:
            change(element)
        return element

    conf.format_dom = format_dom


def alias(name: str) -> Change:
    """A name that libvirt keeps; it starts with ``ua-`` (libvirt 3.9)."""
    def change(element: etree._Element) -> None:
        etree.SubElement(element, 'alias', name=name)
    return change


def unmanaged(element: etree._Element) -> None:
    """The operator binds the VF to vfio-pci. Nova's class knows only
    ``yes`` for interfaces."""
    element.set('managed', 'no')


def trunk(vlans: Iterable[int]) -> Change:
    """Several VLANs; Nova's class knows only one."""
    def change(element: etree._Element) -> None:
        found = etree.SubElement(element, 'vlan', trunk='yes')
        for vlan in vlans:
            etree.SubElement(found, 'tag', id=str(vlan))
    return change


def virtualport(conf: config.LibvirtConfigGuestInterface, kind: str,
                parameters: Mapping[str, str]) -> None:
    """Give an interface a virtualport.

    :param kind: ``802.1Qbg`` or ``802.1Qbh``
    """
    conf.vporttype = kind
    for name, value in parameters.items():
        conf.add_vport_param(name, value)
    writable(conf)


def writable(conf: _Conf) -> _Conf:
    """Let an interface that Nova read be written so that libvirt takes it.

    :param conf: any of Nova's config classes, or None
    :returns: conf
    """
    if getattr(conf, 'vportparams', None):
        add(conf, _one_parameters_element)
    return conf


def _one_parameters_element(element: etree._Element) -> None:
    """Nova's class writes an element for each parameter of a virtualport,
    libvirt reads the first one: «missing typeid in <virtualport
    type='802.1Qbg'>» (seen with 9.0)."""
    for port in element.findall('virtualport'):
        first, *others = port.findall('parameters')
        for other in others:
            first.attrib.update(other.attrib)
            port.remove(other)
