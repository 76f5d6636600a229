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

"""What can go wrong with Open vSwitch, each with the thing and the
remedy named.
"""

from os_vif_vflag import exception


class OvsdbUnreachable(exception.HostError):
    problem = ('ovsdb-server at %(connection)s cannot be reached, or did not '
               'answer within %(timeout)s seconds (%(error)s)')
    remedy = ('Check that Open vSwitch runs and listens there '
              '([os_vif_vflag]ovsdb_connection; "ovs-vsctl get-manager")')


class OvsdbRemoteInvalid(exception.HostError):
    problem = ('[os_vif_vflag]ovsdb_connection has "%(remote)s" in '
               '"%(connection)s", which is not of the form tcp:IP:PORT, '
               'ssl:IP:PORT or unix:FILE')
    remedy = ('Correct it; several remotes, of which one is the leader of '
              'their cluster, are separated by commas')


class OvsdbSchemaLacks(exception.HostError):
    problem = ('The database at %(connection)s has no column %(column)s in '
               'its table %(table)s: its schema is version %(version)s')
    remedy = ('Open vSwitch 2.12 and later have it: update Open vSwitch, or '
              'where that is done, convert the database to its schema, as '
              '"ovs-ctl start" and "ovsdb-client convert" do')


class TlsFileUnusable(exception.HostError):
    problem = ('An ssl: connection to ovsdb-server needs [os_vif_vflag]'
               '%(option)s; %(file)s cannot be used: %(error)s')
    remedy = ('Set ssl_key_file, ssl_cert_file and ssl_ca_cert_file to PEM '
              'files that this process may read and that belong together, as '
              'in [ovs] of the Neutron agent')


class OvsdbRefused(exception.HostError):
    problem = 'ovsdb-server refused the change to %(device)s: %(error)s'
    remedy = ('See the log of ovsdb-server; "ovs-vsctl show" shows what the '
              'database holds now')


class VswitchdTimeout(exception.HostError):
    problem = ('ovs-vswitchd did not take up the change to %(device)s within '
               '%(timeout)s seconds')
    remedy = ('Check that ovs-vswitchd runs ("ovs-appctl version") and is '
              'not blocked; see its log')


class VswitchdSilent(exception.HostError):
    problem = 'ovs-vswitchd at %(control)s gives no answer: %(error)s'
    remedy = ('Check that it runs ("ovs-appctl version"), that this user may '
              'use its socket (root may), and set OVS_RUNDIR where Open '
              'vSwitch has its sockets in another folder')


class BridgeNotFound(exception.HostError):
    problem = 'Open vSwitch has no bridge %(bridge)s for %(device)s'
    remedy = ('Create it ("ovs-vsctl add-br %(bridge)s", at most 15 '
              'characters), or correct "integration_bridge" of the Neutron '
              'agent of this host')


class InterfaceRejected(exception.HostError):
    problem = 'ovs-vswitchd could not open %(device)s: %(error)s'
    remedy = ('A port that was not plugged before was taken off the bridge '
              'again; check the device with "ip link show %(device)s" and the '
              'log of ovs-vswitchd')
