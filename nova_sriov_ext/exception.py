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


class PlugFailed(exception.InternalError):
    """The host could not plug or unplug a VIF; another host may.

    An InternalError, as the stock VIF driver raises there, so that every
    caller in Nova treats it alike; but with the plugin's own words, where
    the stock driver puts the representation of the whole VIF object before
    them.
    """
