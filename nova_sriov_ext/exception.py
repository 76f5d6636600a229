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
