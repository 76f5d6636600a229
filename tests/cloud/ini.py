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

"""Configuration files from tables."""


def render(sections):
    """{'group': {'option': value}} as oslo.config reads it.

    A list is a multi-valued option: one line per value.
    """
    lines = []
    for section, options in sections.items():
        lines.append(f'[{section}]')
        for option, value in options.items():
            values = value if isinstance(value, list) else [value]
            lines.extend(f'{option} = {one}' for one in values)
        lines.append('')
    return '\n'.join(lines)


def merge(*tables):
    """One table of sections; later ones win option by option."""
    result = {}
    for table in tables:
        for section, options in table.items():
            result.setdefault(section, {}).update(options)
    return result
