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

"""Gathers what a server requests: PCI requests, flavor, Neutron, nova.conf."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import weakref

from nova import objects
import nova.conf
from oslo_config import cfg
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.demand import bandwidth_groups
from nova_sriov_ext.demand import model
from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.demand import pci_requests
from nova_sriov_ext.demand import port_mode
from nova_sriov_ext.report import document
from nova_sriov_ext.report import networks
from nova_sriov_ext.report import states
from nova_sriov_ext.report import tags

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# RequestSpec → Demand. Nova filters the hosts of a request once per server
# and once more for alternates, and weighs them as often.
_gathered: weakref.WeakKeyDictionary[objects.RequestSpec, model.Demand] = (
    weakref.WeakKeyDictionary())


def of_spec(spec_obj: objects.RequestSpec) -> model.Demand:
    """What the server of a RequestSpec requests, gathered once."""
    if spec_obj not in _gathered:
        _gathered[spec_obj] = _gather(spec_obj)
    return _gathered[spec_obj]


def _gather(spec_obj: objects.RequestSpec) -> model.Demand:
    flavor = spec_obj.flavor if 'flavor' in spec_obj else None
    extra_specs = (flavor.extra_specs if flavor and 'extra_specs' in flavor
                   else None)
    found = demand_of(_pci_requests(spec_obj), extra_specs or {})
    if found.reserves:
        found = _with_reserves(found, spec_obj)
    return bandwidth_groups.with_groups(found, spec_obj)


def _with_reserves(found: model.Demand,
                   spec_obj: objects.RequestSpec) -> model.Demand:
    """As long as they hold for this server, and for which it is."""
    try:
        lifted = (CONF.sriov.evacuation_uses_reserve
                  and pci_requests.is_evacuation(spec_obj))
    except Exception:
        LOG.exception('Whether server %s is evacuated could not be read; the '
                      'reserve holds for it', spec_obj.instance_uuid)
        lifted = False
    return dataclasses.replace(
        found, reserves={} if lifted else found.reserves,
        server=spec_obj.instance_uuid if 'instance_uuid' in spec_obj else None)


def _pci_requests(
        spec_obj: objects.RequestSpec) -> list[objects.InstancePCIRequest]:
    try:
        return pci_requests.of_server(spec_obj)
    except Exception:
        LOG.exception('The PCI requests of server %s could not be read; '
                      'taking those of its boot', spec_obj.instance_uuid)
        return list(spec_obj.pci_requests.requests)


def demand_of(pci_requests: Iterable[objects.InstancePCIRequest],
              extra_specs: Mapping[str, str],
              known: Mapping[str, port_mode.PortMode] | None = None
              ) -> model.Demand:
    """Gather everything that is the same for all hosts.

    :param pci_requests: in the order of the claim
    :param extra_specs: of the flavor
    :param known: id of a port → its mode; None to read them from Neutron
    """
    options = CONF.sriov
    lag_policy = lag_policy_of(extra_specs)
    requests = [model.request_of(request, lag_policy) for request
                in pci_requests]
    requests, unread = _with_modes(requests, options, known)
    return model.Demand(
        requests=tuple(requests),
        pf_policy=pf_policy_of(extra_specs),
        lag_policy=lag_policy,
        reserves=reserves_of(extra_specs, requests),
        unread=unread)


def reserves_of(extra_specs: Mapping[str, str],
                requests: Iterable[model.Request]) -> dict[str | None, str]:
    """:param extra_specs: of the flavor
    :returns: as Demand.reserves
    """
    lifted = tags.true(extra_specs.get(model.IGNORE_RESERVE))
    rules = CONF.sriov.vf_reserve
    return rules_for(rules, requests) if rules and not lifted else {}


def lag_policy_of(extra_specs: Mapping[str, str]) -> str:
    """:returns: one of model.LAG_POLICIES, for a flavor with these"""
    return _choice(extra_specs, model.LAG_POLICY, model.LAG_POLICIES,
                   CONF.sriov.lag_policy)


def pf_policy_of(extra_specs: Mapping[str, str]) -> str:
    """:returns: one of model.PF_POLICIES, for a flavor with these"""
    return _choice(extra_specs, model.PF_POLICY, model.PF_POLICIES,
                   CONF.sriov.pf_policy)


def _choice(extra_specs: Mapping[str, str], name: str,
            choices: Collection[str], default: str) -> str:
    """Nova's API refuses any other value, but only since microversion 2.86
    and not in flavors of before."""
    value = extra_specs.get(name)
    if value is None or value in choices:
        return value or default
    LOG.warning('Extra spec %s = %s is not one of %s; taking %s',
                name, value, ', '.join(choices), default)
    return default


def _with_modes(
        requests: Iterable[model.Request],
        options: cfg.ConfigOpts.GroupAttr,
        known: Mapping[str, port_mode.PortMode] | None
        ) -> tuple[list[model.Request], bool]:
    """:returns: the requests; whether Neutron's silence is to be taken for a
        refusal
    """
    modes, silent = (known, False) if known is not None else _port_modes(
        {request.port for request in requests
         if request.is_plain_vf and request.port
         and not is_offloaded(request, options)})
    return ([with_mode(request, modes.get(request.port or '', port_mode.PLAIN),
                       options)
             if request.is_plain_vf else request for request in requests],
            silent and options.unknown_ports == 'reject')


def is_offloaded(request: model.Request,
                 options: cfg.ConfigOpts.GroupAttr) -> bool:
    """Whether a port needs switchdev by its network, whatever it requests.

    :param request: for a plain VF
    :param options: CONF.sriov
    """
    return (request.physnet is None
            and options.tunnelled_port_mode == states.SWITCHDEV)


def with_mode(request: model.Request, requested: port_mode.PortMode,
              options: cfg.ConfigOpts.GroupAttr) -> model.Request:
    """With the modes that suit it.

    :param request: for a plain VF
    :param requested: of its port
    :param options: CONF.sriov
    """
    if requested.requested or is_offloaded(request, options):
        mode = states.SWITCHDEV
    elif requested.preferred == states.SWITCHDEV:
        mode = 'any'
    else:
        mode = options.plain_port_mode
    if mode == 'any':
        return dataclasses.replace(request, preferred=requested.preferred)
    unknown = {document.UNKNOWN} if options.unknown_mode == 'accept' else set()
    return dataclasses.replace(request, modes=frozenset({mode} | unknown))


def _port_modes(ports: Collection[str]) -> tuple[
        dict[str, port_mode.PortMode], bool]:
    """:returns: by the id of a port; whether Neutron is silent"""
    try:
        return {port['id']: port_mode.of(port)
                for port in neutron_ports.read(ports)}, False
    except Exception as e:
        neutron_ports.log_failure(LOG, ports, e)
        return {}, True


def rules_for(rules: Mapping[str, str],
              requests: Iterable[model.Request]) -> dict[str | None, str]:
    """The rules that concern a server.

    :param rules: name of a physnet → rule; Nova compares the values of tags
        without case
    :returns: physnet (None: tunnelled) as requested → rule
    """
    folded = {physnet.lower(): rule for physnet, rule in rules.items()}
    names = {request.physnet: networks.name(request.physnet).lower()
             for request in requests if request.is_vf}
    return {physnet: folded[name] for physnet, name in names.items()
            if name in folded}
