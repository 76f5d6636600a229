"""The only package that reaches into Nova's PCI claim."""

import nova.conf

from nova_sriov_ext import conf
from nova_sriov_ext import nova_compat
from nova_sriov_ext.conf.claim import STOCK

CONF = conf.register(nova.conf.CONF)


def install():
    """Let the resource tracker that is made from now on use our tracker, if
    ``[sriov]claim_policy`` says so and Nova is what it was written for.

    :returns: str, the claim policy in force; None with Nova's own claim
    """
    policy = CONF.sriov.claim_policy
    if policy == STOCK or not nova_compat.works(nova_compat.CLAIM):
        return None
    # Loaded where it is needed: another Nova may not have what it imports,
    # and nova-compute starts all the same.
    from nova_sriov_ext.claim import replacements
    replacements.install()
    return policy
