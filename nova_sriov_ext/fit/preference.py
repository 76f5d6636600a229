"""Wants that prefer some of their pools, and never fail for it."""

import dataclasses

from nova_sriov_ext.fit import assignment


def assign(pools, wants, *args):
    """As :func:`assignment.assign`; one want after the other takes only what
    it prefers, where that leaves an assignment for all.

    :param wants: list of assignment.Want
    :returns: as assignment.assign
    """
    taken = assignment.assign(pools, wants, *args)
    if taken is None:
        return None
    wants = list(wants)
    for number, want in enumerate(wants):
        if want.preferred and want.preferred != want.pools:
            narrowed = list(wants)
            narrowed[number] = dataclasses.replace(want, pools=want.preferred)
            found = assignment.assign(pools, narrowed, *args)
            if found is not None:
                wants, taken = narrowed, found
    return taken
