"""The only package that reaches into Nova's PCI claim."""

import nova.conf
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.conf.claim import STOCK

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)


def install():
    """Let the resource tracker that is made from now on use our tracker, if
    ``[sriov]claim_policy`` says so and Nova is what it was written for.

    :returns: str, the claim policy in force; None with Nova's own claim
    """
    policy = CONF.sriov.claim_policy
    if policy == STOCK:
        return None
    differences = problems()
    if differences:
        LOG.error("Nova's own PCI claim stays in place. This Nova is not what "
                  '[sriov]claim_policy = %s was written for: %s',
                  policy, '; '.join(differences))
        return None
    from nova_sriov_ext.claim import guard
    guard.replace()
    return policy


def problems():
    """:returns: list of str, how Nova differs from what the claim was
        written for; empty when it does not
    """
    try:
        # Loaded where it is asked for: another Nova may not have what it
        # imports, and nova-compute starts all the same.
        from nova_sriov_ext.claim import guard
    except (AttributeError, ImportError) as e:
        return [str(e)]
    return guard.problems()
