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

from lxml import etree


def add(conf, *changes):
    """Let a config write more than its class does.

    :param conf: LibvirtConfigGuestInterface or LibvirtConfigGuestHostdevPCI
    :param changes: functions that change the lxml element which it writes
    """
    written = conf.format_dom

    def format_dom():
        element = written()
        for change in changes:
            change(element)
        return element

    conf.format_dom = format_dom


def alias(name):
    """A name that libvirt keeps; it starts with ``ua-`` (libvirt 3.9)."""
    def change(element):
        etree.SubElement(element, 'alias', name=name)
    return change


def unmanaged(element):
    """The operator binds the VF to vfio-pci. Nova's class knows only
    ``yes`` for interfaces."""
    element.set('managed', 'no')


def trunk(vlans):
    """:param vlans: list of int; Nova's class knows only one"""
    def change(element):
        found = etree.SubElement(element, 'vlan', trunk='yes')
        for vlan in vlans:
            etree.SubElement(found, 'tag', id=str(vlan))
    return change


def virtualport(conf, kind, parameters):
    """Give an interface a virtualport.

    :param conf: LibvirtConfigGuestInterface
    :param kind: str, ``802.1Qbg`` or ``802.1Qbh``
    :param parameters: dict of str
    """
    conf.vporttype = kind
    for name, value in parameters.items():
        conf.add_vport_param(name, value)
    writable(conf)


def writable(conf):
    """Let an interface that Nova read be written so that libvirt takes it.

    :param conf: any of Nova's config classes, or None
    :returns: conf
    """
    if getattr(conf, 'vportparams', None):
        add(conf, _one_parameters_element)
    return conf


def _one_parameters_element(element):
    """Nova's class writes an element for each parameter of a virtualport,
    libvirt reads the first one: «missing typeid in <virtualport
    type='802.1Qbg'>» (seen with 9.0)."""
    first, *others = element.findall('virtualport/parameters')
    for other in others:
        first.attrib.update(other.attrib)
        other.getparent().remove(other)
