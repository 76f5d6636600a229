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

"""A simulated libvirt that keeps its domains when nova-compute restarts.

Nova's fakelibvirt forgets them with its process, and its XML of a domain is
less than what it received. Here a domain is a file of the folder of its host,
the XML as libvirt received it and as devices came and went: UUID.xml while it
runs, else UUID.off. The methods' names are libvirt's and fakelibvirt's.
"""

import pathlib
import re
from urllib import parse

from lxml import etree
from nova.tests.fixtures import libvirt as fakelibvirt

RUNNING, DEFINED = '.xml', '.off'


class Domain(fakelibvirt.Domain):
    """:ivar received: its XML of now, without what libvirt adds to it"""

    def __init__(self, connection, xml):
        self.received = etree.fromstring(
            xml, etree.XMLParser(remove_blank_text=True))
        super().__init__(connection, xml)

    def XMLDesc(self, flags=0):
        """With the devices' aliases, by which Nova detaches them."""
        shown = etree.fromstring(etree.tostring(self.received))
        for node in shown.iterfind('devices/*'):
            name = _identity(node)
            if name and node.find('alias') is None:
                etree.SubElement(node, 'alias', name=name)
        return etree.tostring(shown, encoding='unicode')

    def shutdown(self):
        """A guest that obeys at once."""
        self.destroy()

    def managedSave(self, flags):
        super().managedSave(flags)
        self._state = fakelibvirt.VIR_DOMAIN_SHUTOFF

    def isPersistent(self):
        return not self._transient

    def migrateToURI3(self, dconnuri, params, flags):
        """It arrives at once."""
        self._connection.hand_over(
            self, parse.urlsplit(dconnuri).hostname,
            params['destination_xml'])
        self.complete_job()

    def attachDevice(self, xml):
        super().attachDevice(xml)
        self.received.find('devices').append(etree.fromstring(xml))
        self._connection.keep(self)

    def detachDevice(self, xml):
        super().detachDevice(xml)
        gone = _identity(etree.fromstring(xml))
        devices = self.received.find('devices')
        for node in devices:
            if gone and _identity(node) == gone:
                devices.remove(node)
        self._connection.keep(self)


class Connection(fakelibvirt.Connection):

    def __init__(self, folder, **kwargs):
        """:param folder: of the domains, with those of before; that of
            another host is beside its parent
        """
        super().__init__('qemu:///system', **kwargs)
        self._folder = pathlib.Path(folder)
        self._admit()

    def lookupByUUIDString(self, uuid):
        self._admit()
        return super().lookupByUUIDString(uuid)

    def listAllDomains(self, flags=None):
        self._admit()
        return super().listAllDomains(flags)

    def defineXML(self, xml):
        domain = Domain(self, xml)
        old = self._vms.get(domain.name())
        if old and self._runs(old):       # what runs goes on
            old._transient = False
            return old
        self._vms[domain.name()] = domain
        self.keep(domain)
        return domain

    def keep(self, domain):
        """Whole or not at all: the hardware reads it at any time."""
        used, unused = ((RUNNING, DEFINED) if self._runs(domain)
                        else (DEFINED, RUNNING))
        _write(self._path(domain, used), domain.received)
        self._path(domain, unused).unlink(missing_ok=True)

    def hand_over(self, domain, host, xml):
        """To the libvirt of another host."""
        folder = self._folder.parents[1] / host / self._folder.name
        if not folder.is_dir():
            raise fakelibvirt.make_libvirtError(
                fakelibvirt.libvirtError, f'{host} is not there',
                error_code=fakelibvirt.VIR_ERR_INTERNAL_ERROR,
                error_domain=fakelibvirt.VIR_FROM_QEMU)
        _write(folder / self._path(domain, RUNNING).name,
               etree.fromstring(xml))
        domain._transient = True
        domain.destroy()

    def _admit(self):
        """Those of before, and those that another host handed over."""
        known = {domain.UUIDString() for domain in self._vms.values()}
        for path in sorted(self._folder.iterdir()):
            if path.suffix in (RUNNING, DEFINED) and path.stem not in known:
                domain = Domain(self, path.read_text())
                self._vms[domain.name()] = domain
                if path.suffix == RUNNING:
                    domain.create()

    def _mark_running(self, dom):
        if not self._runs(dom):    # else it was reset
            super()._mark_running(dom)
        self.keep(dom)

    def _mark_not_running(self, dom):
        self._running_vms = {number: other for number, other
                             in self._running_vms.items() if other is not dom}
        if dom._transient:
            self._undefine(dom)
        else:
            self.keep(dom)

    def _undefine(self, dom):
        """One that runs is gone when it ends."""
        dom._transient = self._runs(dom)
        if dom._transient:
            return
        for suffix in (RUNNING, DEFINED):
            self._path(dom, suffix).unlink(missing_ok=True)
        self._vms.pop(dom.name(), None)

    def _runs(self, dom):
        return any(other is dom for other in self._running_vms.values())

    def _path(self, dom, suffix):
        return self._folder / f'{dom.UUIDString()}{suffix}'


def _write(path, node):
    new = path.with_suffix('.new')
    new.write_text(etree.tostring(
        node, encoding='unicode', pretty_print=True))
    new.rename(path)


def _identity(node):
    """What stays the same of a device, as an alias; None for others."""
    for path, name in (('mac', 'address'), ('target', 'dev')):
        found = node.find(path)
        if node.tag in ('interface', 'disk') and found is not None:
            return f'ua-{re.sub("[^0-9a-z]", "", found.get(name))}'
    return None
