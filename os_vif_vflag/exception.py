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

from os_vif import exception as osv_exception


class HostError(osv_exception.ExceptionBase):
    """Something on this host keeps a VF from being plugged or unplugged.

    A subclass states ``problem`` and ``remedy``; both are filled with the
    keyword arguments of the constructor.
    """

    problem = 'Unknown problem'
    remedy = 'See the log of the service that plugs VIFs'

    def __init__(self, **facts: object):
        super().__init__(f'{self.problem}. {self.remedy}.' % facts, **facts)


class LagNotActive(HostError):
    problem = ('VF %(vf)s belongs to PF %(pf)s in %(bond)s, whose VF-LAG is '
               'not active: %(reason)s')
    remedy = ('Mend that and check with "nova-sriov host show", or set '
              '[os_vif_vflag]lag_policy to "warn" to plug all the same')


class PrivilegesMissing(HostError):
    problem = ('Network device %(device)s could not be set: the privileged '
               'process of the plugin does not do its work (%(error)s)')
    remedy = ('Check "helper_command" in [vif_vflag_privileged], which sudo '
              'or rootwrap must let the service run, and that the process '
              'gets CAP_NET_ADMIN; its own words are in the log')


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
