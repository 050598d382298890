"""Formulas of the catalogue: arithmetic over named numbers in SI, and nothing else: no code of theirs is run."""

import ast
import functools
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from repository.schema.quantities.electrons import ELECTRON_MASS_KG, LIGHT_SPEED_M_S, PLANCK_J_S
from repository.schema.quantities.units import ELEMENTARY_CHARGE_C

CONSTANTS: Mapping[str, float] = MappingProxyType(
    {
        "pi": math.pi,
        "charge": ELEMENTARY_CHARGE_C,
        "planck": PLANCK_J_S,
        "mass": ELECTRON_MASS_KG,
        "rest_voltage": ELECTRON_MASS_KG * LIGHT_SPEED_M_S**2 / ELEMENTARY_CHARGE_C,
    }
)
_FUNCTIONS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {"abs": abs, "acos": math.acos, "max": max, "min": min, "sqrt": math.sqrt}
)
_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.Pow: operator.pow,
    }
)


class FormulaError(ValueError):
    """The text is not a formula: it holds something else than numbers, names, + - * / ** and the known functions."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula and the names that it needs, constants left out."""

    text: str
    names: frozenset[str]
    tree: ast.expr

    def compute(self, values: Mapping[str, float | None]) -> float | None:
        """Return the finite number that comes out; None where a name has no value or there is no such number."""
        try:
            found = _compute(self.tree, values)
        except (ArithmeticError, ValueError, _MissingError):
            return None
        return float(found) if isinstance(found, int | float) and math.isfinite(found) else None


class _MissingError(Exception):
    """A name has no value."""


@functools.cache
def read_formula(text: str) -> Formula:
    """Return the formula of a text.

    Raises
    ------
    FormulaError
        Something in it is not arithmetic.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise FormulaError(f"{text!r} is not a formula: {error.msg}") from error
    return Formula(text, frozenset(_list_names(tree, text)) - CONSTANTS.keys(), tree)


def _list_names(node: ast.expr, text: str) -> list[str]:
    match node:
        case ast.Constant(value=int() | float()):
            return []
        case ast.Name(id=name):
            return [name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _list_names(inner, text)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATIONS:
            return [*_list_names(left, text), *_list_names(right, text)]
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]) if name in _FUNCTIONS:
            return [found for part in given for found in _list_names(part, text)]
        case _:
            raise FormulaError(f"{ast.unparse(node)!r} in {text!r} is not arithmetic")


def _compute(node: ast.expr, values: Mapping[str, float | None]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            found = CONSTANTS.get(name, values.get(name))
            if found is None:
                raise _MissingError
            return found
        case ast.UnaryOp(operand=inner):
            return -_compute(inner, values)
        case ast.BinOp(left=left, op=sign, right=right):
            return _OPERATIONS[type(sign)](_compute(left, values), _compute(right, values))
        case ast.Call(func=ast.Name(id=name), args=given):
            return _FUNCTIONS[name](*(_compute(part, values) for part in given))
        case _:
            raise FormulaError(f"{ast.unparse(node)!r} is not arithmetic")
