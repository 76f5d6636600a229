"""What is published of the VFs of one physnet."""


def record(total, used, reserved):
    """Make an inventory of Placement.

    What is allocated stays within the capacity, total - reserved, whatever
    is asked for: Placement checks the capacity each time an allocation is
    written, so that a server whose VFs are beyond it could neither be
    resized nor migrated, nor detach any other port.

    :param total: VFs; below 1 Placement takes no inventory
    :param used: VFs that are allocated there now
    :param reserved: VFs that must not be allocated; None for all
    :returns: dict
    """
    total = max(total, used, 1)
    free = total - used
    return {'total': total,
            'reserved': free if reserved is None else min(reserved, free),
            'min_unit': 1, 'max_unit': total, 'step_size': 1,
            'allocation_ratio': 1.0}


def unallocated(vfs, allocated):
    """VFs that are in use though Placement does not know.

    Such were attached to a running server, or are of servers forced to the
    host past the filters, or older than the inventory. They are summed up
    server by server: the difference of the host as a whole is wrong while a
    claim is on its way, whose VFs are allocated and not held yet.

    :param vfs: vfs.Vfs
    :param allocated: dict, uuid of a server → VFs
    :returns: int
    """
    return vfs.blocked + sum(max(0, count - allocated.get(server, 0))
                             for server, count in vfs.held.items())
