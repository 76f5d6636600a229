"""What can go wrong on a host, each with the thing and the remedy named."""

from os_vif import exception as osv_exception


class HostError(osv_exception.ExceptionBase):
    """Something on this host keeps a VF from being plugged or unplugged.

    A subclass states ``problem`` and ``remedy``; both are filled with the
    keyword arguments of the constructor.
    """

    problem = 'Unknown problem'
    remedy = 'See the log of the service that plugs VIFs'

    def __init__(self, **facts):
        super().__init__(f'{self.problem}. {self.remedy}.' % facts, **facts)


class VfNotFound(HostError):
    problem = 'There is no VF %(vf)s on this host'
    remedy = ('Compare [pci]device_spec in nova.conf with "lspci -D", and '
              'check that the VFs still exist '
              '(/sys/bus/pci/devices/<PF>/sriov_numvfs)')


class NotAVf(HostError):
    problem = '%(vf)s is a PCI device of this host, but not an SR-IOV VF'
    remedy = ('Let [pci]device_spec in nova.conf name VFs for this physnet; '
              'a whole PF needs a port of vnic type direct-physical')


class NotSwitchdev(HostError):
    problem = ('PF %(pf)s of VF %(vf)s has no VF representors: its eswitch '
               'is not in switchdev mode')
    remedy = ('Free its VFs, then run "devlink dev eswitch set pci/%(pf)s '
              'mode switchdev", or let ports that need switchdev go to '
              'another host')


class RepresentorNotFound(HostError):
    problem = 'VF %(vf)s (VF %(number)s of PF %(pf)s) has no representor'
    remedy = ('Look for it with "devlink port show"; when it is missing '
              'there too, the driver did not create it: see the kernel log')


class RepresentorAmbiguous(HostError):
    problem = ('VF %(vf)s (VF %(number)s of PF %(pf)s) may be represented '
               'by any of %(candidates)s')
    remedy = ('This kernel names them in a way that does not tell them '
              'apart; compare with "devlink port show" and update kernel or '
              'driver')


class LagNotActive(HostError):
    problem = ('VF %(vf)s belongs to PF %(pf)s in %(bond)s, whose VF-LAG is '
               'not active: %(reason)s')
    remedy = ('Mend that and check with "nova-sriov host show", or set '
              '[os_vif_vflag]lag_policy to "warn" to plug all the same')


class LinkFailed(HostError):
    problem = 'Network device %(device)s could not be set %(what)s: %(error)s'
    remedy = ('Check with "ip link show %(device)s" that it still exists and '
              'that its driver takes the MTU of the network and the MAC')


class NoUplink(HostError):
    problem = ('PF %(pf)s of VF %(vf)s has no network device, so that nothing '
               'can be set of its VFs')
    remedy = ('Check with "lspci -k -s %(pf)s" that its driver is bound, and '
              'that no server has the whole PF')


class NoVfNetdev(HostError):
    problem = 'VF %(vf)s has no network device on this host'
    remedy = ('A port of vnic type macvtap needs one: bind the VF to its '
              'network driver instead of vfio-pci')


class VfRefused(HostError):
    problem = ('%(setting)s could not be set to %(value)s for VF %(vf)s (VF '
               '%(number)s of %(uplink)s): %(error)s')
    remedy = '%(hint)s'


class IovRefused(HostError):
    problem = ('%(file)s of %(device)s could not be set to %(value)s for VF '
               '%(vf)s: %(error)s')
    remedy = ('The privsep daemon of [vif_vflag_privileged] must run as root '
              'with /sys writable; see the kernel log')


class NoPartition(HostError):
    problem = ('Partition %(partition)s is not in the table of port '
               '%(ib_port)s of %(device)s, so that VF %(vf)s cannot have it')
    remedy = ('Add the port to this partition in the subnet manager '
              '(partitions.conf of opensm), and compare '
              '/sys/class/infiniband/%(device)s/iov/ports/%(ib_port)s/pkeys')


class PrivilegesMissing(HostError):
    problem = ('Network device %(device)s could not be set: the privileged '
               'process of the plugin does not do its work (%(error)s)')
    remedy = ('Check "helper_command" in [vif_vflag_privileged], which sudo '
              'or rootwrap must let the service run, and that the process '
              'gets CAP_NET_ADMIN; its own words are in the log')


class OvsdbUnreachable(HostError):
    problem = ('ovsdb-server at %(connection)s cannot be reached, or did not '
               'answer within %(timeout)s seconds (%(error)s)')
    remedy = ('Check that Open vSwitch runs and listens there '
              '([os_vif_vflag]ovsdb_connection; "ovs-vsctl get-manager")')


class OvsdbRemoteInvalid(HostError):
    problem = ('[os_vif_vflag]ovsdb_connection has "%(remote)s" in '
               '"%(connection)s", which is not of the form tcp:IP:PORT, '
               'ssl:IP:PORT or unix:FILE')
    remedy = ('Correct it; several remotes, of which one is the leader of '
              'their cluster, are separated by commas')


class OvsdbSchemaLacks(HostError):
    problem = ('The database at %(connection)s has no column %(column)s in '
               'its table %(table)s: its schema is version %(version)s')
    remedy = ('Open vSwitch 2.12 and later have it: update Open vSwitch, or '
              'where that is done, convert the database to its schema, as '
              '"ovs-ctl start" and "ovsdb-client convert" do')


class TlsFileUnusable(HostError):
    problem = ('An ssl: connection to ovsdb-server needs [os_vif_vflag]'
               '%(option)s; %(file)s cannot be used: %(error)s')
    remedy = ('Set ssl_key_file, ssl_cert_file and ssl_ca_cert_file to PEM '
              'files that this process may read and that belong together, as '
              'in [ovs] of the Neutron agent')


class OvsdbRefused(HostError):
    problem = 'ovsdb-server refused the change to %(device)s: %(error)s'
    remedy = ('See the log of ovsdb-server; "ovs-vsctl show" tells what the '
              'database holds now')


class VswitchdTimeout(HostError):
    problem = ('ovs-vswitchd did not take up the change to %(device)s within '
               '%(timeout)s seconds')
    remedy = ('Check that ovs-vswitchd runs ("ovs-appctl version") and is '
              'not blocked; see its log')


class BridgeNotFound(HostError):
    problem = 'Open vSwitch has no bridge %(bridge)s for %(device)s'
    remedy = ('Create it ("ovs-vsctl add-br %(bridge)s", at most 15 '
              'characters), or correct "integration_bridge" of the Neutron '
              'agent of this host')


class InterfaceRejected(HostError):
    problem = 'ovs-vswitchd could not open %(device)s: %(error)s'
    remedy = ('The port was taken off the bridge again; check the device '
              'with "ip link show %(device)s" and the log of ovs-vswitchd')


class PlugFailed(osv_exception.ExceptionBase):
    msg_fmt = 'Port %(port)s could not be plugged into %(where)s: %(error)s'


class UnplugFailed(osv_exception.ExceptionBase):
    msg_fmt = 'Port %(port)s could not be unplugged from %(where)s: %(error)s'


class InvalidVif(osv_exception.ExceptionBase):
    msg_fmt = ('Port %(port)s (VF %(vf)s) cannot be handled by the os-vif '
               'plugin vflag: %(problem)s. Give it a VIFHostDevice with a '
               'PCI address (or a VIFVHostUser with path and mode), a MAC '
               'address, a network with a bridge and a sound MTU, and an '
               'Open vSwitch port profile.')
