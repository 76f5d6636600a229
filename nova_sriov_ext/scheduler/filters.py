"""The scheduler filter ``SriovCapacityFilter``."""

import collections

import nova.conf
from nova.scheduler import filters
from nova.scheduler import utils
from oslo_log import log as logging

from nova_sriov_ext.scheduler import candidates
from nova_sriov_ext.scheduler import fit
from nova_sriov_ext.scheduler import moves

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


class SriovCapacityFilter(filters.BaseHostFilter):
    """Passes hosts where every SR-IOV port finds a free VF of its physnet.

    It never raises: an exception in a filter fails every request of the
    cloud. A host that cannot be judged is passed on; the claim on that host
    has the last word anyway.
    """

    # A rebuild stays on its host and keeps its VFs.
    RUN_ON_REBUILD = False

    def filter_all(self, filter_obj_list, spec_obj):
        """Judge all hosts of a request.

        :param filter_obj_list: list of nova HostState
        :param spec_obj: nova.objects.RequestSpec
        :returns: list of the HostStates that pass
        """
        hosts = list(filter_obj_list)
        try:
            if utils.request_is_rebuild(spec_obj):
                return hosts
            requests = _requests(spec_obj)
        except Exception:
            LOG.exception('The PCI requests of %s could not be read; passing '
                          'every host on', spec_obj)
            return hosts
        misfits = [self._misfit(host, requests) for host in hosts]
        passed = [host for host, why in zip(hosts, misfits, strict=True)
                  if why is None]
        if hosts and not passed:
            _tell(_server(spec_obj), [
                (_name(host), why)
                for host, why in zip(hosts, misfits, strict=True)])
        counts = _vfs(requests)
        for host in passed:
            candidates.add_vfs(host, counts)
        return passed

    def _misfit(self, host, requests):
        try:
            stats = host.pci_stats
            why = fit.misfit(stats.pools if stats else None, requests)
        except Exception:
            LOG.exception('Host %s could not be judged; passing it on', host)
            return None
        if why is not None:
            LOG.debug('Host %s refused: %s', _name(host), why)
        return why


def _requests(spec_obj):
    """The PCI requests of a server, as fit takes them.

    :returns: list of fit.Request
    """
    # With pci_in_placement, Placement answers for the aliases of a flavor;
    # for Neutron's ports it never does (Nova 2026.2).
    ours = [r for r in moves.pci_requests(spec_obj)
            if not (r.alias_name and CONF.filter_scheduler.pci_in_placement)]
    return [_request(r) for r in ours]


def _vfs(requests):
    """:returns: Counter, physnet → VFs asked"""
    return collections.Counter(
        spec.get('physical_network') for request in requests
        for spec in request.specs if spec.get('dev_type') != 'type-PF')


def _request(request):
    port = request.requester_id
    name = (f'port {port}' if port
            else f'alias {request.alias_name}' if request.alias_name
            else 'a PCI request')
    return fit.Request(specs=tuple(request.spec), count=request.count,
                       name=name)


def _tell(server, refusals):
    """One line for the operator: what refused how many hosts, and an
    example of each.

    :param refusals: list of (name of a host, Misfit)
    """
    examples = {why.reason: f'{host}: {why}' for host, why in refusals}
    counts = collections.Counter(why.reason for _, why in refusals)
    reasons = '; '.join(f'{reason} on {count} host(s), e.g. '
                        f'{examples[reason]}'
                        for reason, count in counts.most_common())
    LOG.info('No host has the SR-IOV devices of server %s: %s',
             server, reasons)


def _server(spec_obj):
    return (spec_obj.instance_uuid if 'instance_uuid' in spec_obj
            else 'unknown')


def _name(host):
    return getattr(host, 'host', host)
