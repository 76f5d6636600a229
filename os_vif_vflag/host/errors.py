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

"""What can go wrong on a host, each with the thing and the remedy named."""

from os_vif_vflag import exception


class VfNotFound(exception.HostError):
    problem = 'There is no VF %(vf)s on this host'
    remedy = ('Compare [pci]device_spec in nova.conf with "lspci -D", and '
              'check that the VFs still exist '
              '(/sys/bus/pci/devices/<PF>/sriov_numvfs)')


class NotAVf(exception.HostError):
    problem = '%(vf)s is a PCI device of this host, but not an SR-IOV VF'
    remedy = ('Let [pci]device_spec in nova.conf name VFs for this physnet; '
              'a whole PF needs a port of vnic type direct-physical')


class NotSwitchdev(exception.HostError):
    problem = ('PF %(pf)s of VF %(vf)s has no VF representors: its eswitch '
               'is not in switchdev mode')
    remedy = ('Free its VFs, then run "devlink dev eswitch set pci/%(pf)s '
              'mode switchdev", or let ports that need switchdev go to '
              'another host')


class RepresentorNotFound(exception.HostError):
    problem = 'VF %(vf)s (VF %(number)s of PF %(pf)s) has no representor'
    remedy = ('Look for it with "devlink port show"; when it is missing '
              'there too, the driver did not create it: see the kernel log')


class RepresentorAmbiguous(exception.HostError):
    problem = ('VF %(vf)s (VF %(number)s of PF %(pf)s) may be represented '
               'by any of %(candidates)s')
    remedy = ('This kernel gives them names that do not distinguish them; '
              'compare with "devlink port show" and update kernel or '
              'driver')


class LinkFailed(exception.HostError):
    problem = 'Network device %(device)s could not be set %(what)s: %(error)s'
    remedy = ('Check with "ip link show %(device)s" that it still exists and '
              'that its driver takes the MTU of the network and the MAC')


class NoUplink(exception.HostError):
    problem = ('PF %(pf)s of VF %(vf)s has no network device, so that nothing '
               'can be set of its VFs')
    remedy = ('Check with "lspci -k -s %(pf)s" that its driver is bound, and '
              'that no server has the whole PF')


class NoVfNetdev(exception.HostError):
    problem = 'VF %(vf)s has no network device on this host'
    remedy = ('A port of vnic type macvtap needs one: bind the VF to its '
              'network driver instead of vfio-pci')


class VfRefused(exception.HostError):
    problem = ('%(setting)s could not be set to %(value)s for VF %(vf)s (VF '
               '%(number)s of %(uplink)s): %(error)s')
    remedy = '%(hint)s'


class IovRefused(exception.HostError):
    problem = ('%(file)s of %(device)s could not be set to %(value)s for VF '
               '%(vf)s: %(error)s')
    remedy = ('The privsep daemon of [vif_vflag_privileged] must run as root '
              'with /sys writable; see the kernel log')


class NoPartition(exception.HostError):
    problem = ('Partition %(partition)s is not in the table of port '
               '%(ib_port)s of %(device)s, so that VF %(vf)s cannot have it')
    remedy = ('Add the port to this partition in the subnet manager '
              '(partitions.conf of opensm), and compare '
              '/sys/class/infiniband/%(device)s/iov/ports/%(ib_port)s/pkeys')
