"""Whether Nova still is what a part of this project was written for."""

import inspect


def differences(parameters, calls):
    """:param parameters: dict, (class or module, name of a function) → names
        of its parameters but ``self``, with blanks between
    :param calls: iterable of (class or module, name of a function, a name in
        its code)
    :returns: list of str, empty where nothing differs
    """
    return [
        f'{name(owner, function)} does not take {expected}'
        for (owner, function), expected in parameters.items()
        if _parameters(getattr(owner, function, None)) != expected.split()
    ] + [
        f'{name(owner, function)} does not call {called}'
        for owner, function, called in calls
        if called not in _names(getattr(owner, function, None))]


def name(owner, function=None):
    """:returns: str, with the module"""
    if inspect.ismodule(owner):
        return '.'.join(filter(None, (owner.__name__, function)))
    return '.'.join(filter(None, (
        owner.__module__, owner.__qualname__, function)))


def _parameters(function):
    """:returns: list of str, None for what is no function"""
    if not inspect.isfunction(function):
        return None
    return [parameter for parameter in inspect.signature(function).parameters
            if parameter != 'self']


def _names(function):
    """:returns: tuple of the names that a function's code uses"""
    code = getattr(inspect.unwrap(function), '__code__', None) if (
        callable(function)) else None
    return code.co_names if code else ()
