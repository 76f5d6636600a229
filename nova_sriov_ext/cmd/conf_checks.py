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
"""Is what nova.conf says of SR-IOV what a person meant?

Each check returns problems, each with where it is and what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import difflib

from oslo_config import cfg

from nova_sriov_ext import conf
from nova_sriov_ext.cmd import conf_lines
from nova_sriov_ext.conf import claim
from nova_sriov_ext.conf import placement

Check = Callable[[cfg.ConfigOpts, list[conf_lines.Line]], Iterable[str]]

DRIVER = 'sriov_ext.SriovLibvirtDriver'
_STOCK_DRIVER = 'libvirt.LibvirtDriver'
_OF_DRIVER = (*claim.OPTS, *placement.OPTS)
# As alike as «srivo» and «sriov».
_ALIKE = 0.75


def values(opts: cfg.ConfigOpts,
           lines: list[conf_lines.Line]) -> Iterator[str]:
    """Options of this project with a value that cannot be."""
    for group, options in _groups(opts).items():
        for option in options:
            try:
                opts[group][option.dest]
            except (ValueError, cfg.Error) as e:
                # Before that it is the place, without the line.
                problem = str(e).rpartition(' is not valid: ')[2]
                yield _at(lines, group, option.dest,
                          f'[{group}]{option.dest}: {problem}')


def names(opts: cfg.ConfigOpts,
          lines: list[conf_lines.Line]) -> Iterator[str]:
    """Names that nobody reads: oslo.config says nothing about them."""
    groups = _groups(opts)
    for group, options in groups.items():
        known = _names(options)
        for line in conf_lines.unknown(lines, group, known):
            yield (f'{line}: [{group}] has no option {line.name}'
                   f'{_meant(line.name, known)}')
    for line in lines:
        if not line.name and line.group not in opts and _meant(
                line.group, groups):
            yield (f'{line}: nobody reads [{line.group}]'
                   f'{_meant(line.group, groups)}')


def devices(opts: cfg.ConfigOpts,
            lines: list[conf_lines.Line]) -> Iterator[str]:
    """``[pci] device_spec`` as nova-compute reads it."""
    from nova import exception
    from nova.pci import whitelist
    places = [line for line in lines
              if (line.group, line.name) == ('pci', 'device_spec')]
    specs = opts.pci.device_spec
    for number, spec in enumerate(specs):
        try:
            whitelist.Whitelist([spec])
        except (exception.NovaException, ValueError, TypeError) as e:
            # It has as many values as lines, unless it has its old name.
            place = (f'{places[number]}: ' if len(places) == len(specs)
                     else '')
            yield f'{place}[pci]device_spec {spec}: {e}'


def driver(opts: cfg.ConfigOpts,
           lines: list[conf_lines.Line]) -> Iterator[str]:
    """A compute driver that was meant to be this project's."""
    name = opts.compute_driver
    if name and name not in (DRIVER, _STOCK_DRIVER) and (
            difflib.get_close_matches(name, [DRIVER], cutoff=_ALIKE)):
        yield _at(lines, 'DEFAULT', 'compute_driver',
                  f'compute_driver {name} is not known. Did you mean '
                  f'{DRIVER}?')


def effects(opts: cfg.ConfigOpts,
            lines: list[conf_lines.Line]) -> Iterator[str]:
    """Options that only this project's compute driver reads, without it."""
    name = opts.compute_driver
    if not name or name == DRIVER:
        return
    for option in _OF_DRIVER:
        line = conf_lines.setting(lines, conf.GROUP, option.dest)
        if line and opts[conf.GROUP][option.dest] != option.default:
            yield (f'{line}: [{conf.GROUP}]{option.dest} has no effect with '
                   f'compute_driver {name}. Set compute_driver to {DRIVER}.')


def _groups(opts: cfg.ConfigOpts) -> dict[str, list[cfg.Opt]]:
    """:returns: the options of this project by their groups"""
    from os_vif_vflag import conf as vflag_conf
    opts.register_opts(vflag_conf.OPTS, group=vflag_conf.GROUP)
    return {conf.GROUP: conf.OPTS, vflag_conf.GROUP: vflag_conf.OPTS}


def _names(options: Iterable[cfg.Opt]) -> list[str]:
    """With those that options had once."""
    return [name for option in options for name in (
        option.dest, *(old.name for old in option.deprecated_opts)) if name]


def _meant(name: str, known: Iterable[str]) -> str:
    """:returns: '' where nothing is alike"""
    alike = difflib.get_close_matches(name, list(known), 1, _ALIKE)
    return f'. Did you mean {alike[0]}?' if alike else ''


def _at(lines: list[conf_lines.Line], group: str, name: str,
        problem: str) -> str:
    line = conf_lines.setting(lines, group, name)
    return f'{line}: {problem}' if line else problem
