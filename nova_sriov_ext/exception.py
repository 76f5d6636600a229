"""Errors that Nova turns into the fault of a server."""

from nova import exception


class InvalidPort(exception.InvalidInput,
                  exception.VirtualInterfacePlugException):
    """A port that no host can serve as it is.

    Nova gives up on an InvalidInput at once and shows its text as the fault
    of the server (ComputeManager._build_and_run_instance), where any other
    error would be tried on every other host first. When nova-compute starts
    and plugs the VIFs of its servers again, it puts up with a
    VirtualInterfacePlugException (_init_instance); any other error would keep
    it from starting.
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


class PlugFailed(exception.InternalError):
    """The host could not plug or unplug a VIF; another host may.

    An InternalError, as the stock VIF driver raises there, so that every
    caller in Nova treats it alike; but with the plugin's own words, where
    the stock driver puts the representation of the whole VIF object before
    them.
    """


class VfFailed(PlugFailed, exception.PciDeviceNotFoundById):
    """The same, for a cause that lies in one VF or its PF.

    When nova-compute starts and plugs the VIFs of its servers again, it logs
    a PciDeviceNotFoundById and leaves the server as it is, which may run
    (_init_instance); a mere InternalError would keep it from starting. The
    stock VIF driver raises it where a VF or its netdev is gone.
    """

    code = PlugFailed.code     # not that of NotFound
