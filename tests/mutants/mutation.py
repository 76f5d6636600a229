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

"""Small changes of a module's functions, each of which a test should see."""

import dataclasses
import difflib

import libcst as cst
from libcst import matchers
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.mutators import operator_arg_removal
from mutmut.mutation.mutators import operator_string
from mutmut.mutation.pragma_handling import IgnoredCode

# What is logged helps people to read; tests do not judge its words. Types
# and decorators act when a module is loaded, not when a function is called.
LOG_CALL = matchers.Call(func=matchers.Attribute(value=matchers.Name('LOG')))
LEFT_OUT = (cst.Annotation, cst.Decorator, cst.Parameters)


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One changed module. :ivar function: the function, with its class;
    :ivar diff: the lines taken away and put in, without their indent."""

    path: str
    function: str
    diff: str
    source: str

    @property
    def key(self):
        return f'{self.path} {self.function}\n{self.diff}'


def negate(node):
    """A condition turned round: mutmut changes comparisons only, and most
    conditions are names and calls."""
    if not matchers.matches(node.test, matchers.UnaryOperation(
            operator=matchers.Not()) | matchers.Comparison()):
        test = node.test.with_changes(
            lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


def return_none(node):
    if node.value and not matchers.matches(node.value, matchers.Name('None')):
        yield node.with_changes(value=cst.Name('None'))


def leave_out(node):
    """A statement that is only a call, left out."""
    if matchers.matches(node, matchers.Expr(value=matchers.Call())):
        yield cst.Pass()


def strings(node):
    """Of mutmut's three changes of a string one: what sees one sees all."""
    yield from list(operator_string(node))[:1]


def arguments(node):
    """Each argument None. Those with a name left out as well: the others
    are missed by Python itself. What zip's strict finds is in no code yet."""
    for number, one in enumerate(node.args):
        if one.keyword and one.keyword.value == 'strict':
            continue
        before, after = node.args[:number], node.args[number + 1:]
        if not one.star and not matchers.matches(
                one.value, matchers.Name('None')):
            changed = one.with_changes(value=cst.Name('None'))
            yield node.with_changes(args=[*before, changed, *after])
        if one.keyword:
            yield node.with_changes(args=[*before, *after])


OWN = {operator_string: strings, operator_arg_removal: arguments}
OPERATORS = [
    *((kind, OWN.get(operator, operator))
      for kind, operator in mutation_operators),
    (cst.If, negate),
    (cst.CompIf, negate),
    (cst.Return, return_none),
    (cst.Expr, leave_out),
]


class Visitor(MutationVisitor):
    """mutmut's, without its limits: functions are exchanged in place, so
    decorated ones can be mutated like all others."""

    def __init__(self):
        super().__init__(OPERATORS, IgnoredCode(set(), set(), set()))

    def _skip_node_and_children(self, node):
        return isinstance(node, LEFT_OUT) or matchers.matches(
            node, LOG_CALL | matchers.Expr(value=LOG_CALL))


def names(module):
    """Name of each function of the module and of its classes."""
    found = {}
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef):
            found[statement] = statement.name.value
        elif isinstance(statement, cst.ClassDef):
            found.update(
                (method, f'{statement.name.value}.{method.name.value}')
                for method in statement.body.body
                if isinstance(method, cst.FunctionDef))
    return found


def difference(before, after):
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), n=0, lineterm='')
    return '\n'.join(line[0] + ' ' + line[1:].strip()
                     for line in list(lines)[2:] if line[0] != '@')


def mutants(path, source):
    """All mutants of a module, those that do not compile left out."""
    visitor = Visitor()
    module = MetadataWrapper(cst.parse_module(source)).visit(visitor)
    functions = names(module)
    found = {}
    for one in visitor.mutations:
        function = functions.get(one.contained_by_top_level_function)
        if function is None:
            continue
        changed = deep_replace(
            module, one.original_node, one.mutated_node).code
        mutant = Mutant(path, function, difference(source, changed), changed)
        found.setdefault(mutant.key, mutant)
    return [mutant for mutant in found.values() if _compiles(mutant)]


def _compiles(mutant):
    try:
        compile(mutant.source, mutant.path, 'exec')
    except SyntaxError:
        return False
    return True
