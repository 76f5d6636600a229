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

"""Puts a mutant's functions in place of those of the loaded module."""

import collections
import gc
import types


def codes(code):
    """Code of each function in a module's code, by name and, for those that
    share it (a property's getter and setter), by their order."""
    seen = collections.Counter()
    found = {}
    pending = [code]
    while pending:
        one = pending.pop(0)
        inner = [value for value in one.co_consts
                 if isinstance(value, types.CodeType)]
        pending.extend(inner)
        for value in inner:
            found[value.co_qualname, seen[value.co_qualname]] = value
            seen[value.co_qualname] += 1
    return found


def functions(root):
    """Loaded functions of the modules below a folder, by module's path."""
    found = collections.defaultdict(list)
    for one in gc.get_objects():
        if (isinstance(one, types.FunctionType)
                and one.__code__.co_filename.startswith(f'{root}/')):
            found[one.__code__.co_filename].append(one)
    return found


def by_key(loaded, path, source):
    """The loaded functions of one module, by the keys of `codes`."""
    keys = {(code.co_qualname, code.co_firstlineno): key
            for key, code in codes(compile(source, path, 'exec')).items()}
    found = collections.defaultdict(list)
    for one in loaded:
        code = one.__code__
        found[keys.get((code.co_qualname, code.co_firstlineno))].append(one)
    return found


def exchange(loaded, path, source):
    """Exchange the code of the functions loaded by that of a source."""
    for key, code in codes(compile(source, path, 'exec')).items():
        for function in loaded.get(key, ()):
            # One that has lost its super() is still called with its cell.
            function.__code__ = code.replace(
                co_freevars=function.__code__.co_freevars)
