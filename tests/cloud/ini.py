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
