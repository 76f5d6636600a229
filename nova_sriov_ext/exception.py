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

"""Errors that Nova turns into the fault of a server."""

from nova import exception


class InvalidPort(exception.InvalidInput):
    """A port that no host can serve as it is.

    Nova gives up on an InvalidInput at once and shows its text as the fault
    of the server (ComputeManager._build_and_run_instance), where any other
    error would be tried on every other host first.
    """

    msg_fmt = 'Port %(port)s: %(problem)s. %(remedy)s.'


class ClaimRefused(exception.PciDeviceRequestFailed,
                   exception.ComputeResourcesUnavailable):
    """The host has no devices for the PCI requests of a server.

    A ComputeResourcesUnavailable for whoever claims for a boot or a move:
    Nova tries another host, and an evacuated server keeps its state
    (ComputeManager.rebuild_instance). A PciDeviceRequestFailed for whoever
    attaches a port (_claim_pci_device_for_interface_attach).
    """

    msg_fmt = exception.ComputeResourcesUnavailable.msg_fmt


class VifOperationFailed(exception.InternalError):
    """The host could not plug or unplug a VIF; another host may.

    An InternalError, as the stock VIF driver raises there, so that every
    caller in Nova treats it alike; but with the plugin's own words, where
    the stock driver puts the representation of the whole VIF object before
    them.
    """
