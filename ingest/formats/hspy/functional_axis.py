"""Axes that HyperSpy keeps as a formula: where the samples lie, worked out without running what a file says.

A `FunctionalDataAxis` has an `expression` in x, its parameters as attributes, and below `x` the axis that is put in,
which has a step or lists its samples. The grammar is that of arithmetic: numbers, x, the parameters, + - * / **, and
the functions below. Anything else is not read.
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
_LONGEST, _DEEPEST = 400, 40
_FUNCTIONS: Mapping[str, Callable[[Samples], Samples]] = {
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "abs": np.abs, "Abs": np.abs,
}  # fmt: skip
_CONSTANTS = {"pi": np.pi, "E": np.e}
_OPERATORS: Mapping[type[ast.operator], Callable[[Samples, Samples], Samples]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
}  # fmt: skip


def evaluate(expression: str, x: Samples, parameters: Mapping[str, Any]) -> Samples | None:
    """Return the value of an expression at every x; None where it says more than arithmetic, or no finite number.

    Parameters
    ----------
    expression
        Such as ``a * x ** 2 + b``.
    x
        (n,) samples of the axis that is put in.
    parameters
        Numbers by name.
    """
    known = {**_CONSTANTS, **{name: value for name, value in parameters.items() if _is_number(value)}, "x": x}
    if len(expression) > _LONGEST:
        return None
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
        with np.errstate(all="ignore"):
            found = np.broadcast_to(np.asarray(_work_out(tree, known, 0), np.float64), x.shape)
    except (SyntaxError, ValueError, KeyError, RecursionError, MemoryError):
        return None
    return found if np.isfinite(found).all() else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _work_out(node: ast.expr, known: Mapping[str, Any], depth: int) -> Samples:
    """Return the value of one part.

    Raises
    ------
    ValueError
        It is no arithmetic.
    KeyError
        A name or function is unknown.
    """
    if depth > _DEEPEST:
        raise ValueError("it nests too deep")
    if isinstance(node, ast.Constant) and _is_number(node.value):
        return np.asarray(node.value, np.float64)
    if isinstance(node, ast.Name):
        return np.asarray(known[node.id], np.float64)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _work_out(node.operand, known, depth + 1)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        sides = (_work_out(side, known, depth + 1) for side in (node.left, node.right))
        return _OPERATORS[type(node.op)](*sides)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        return _FUNCTIONS[node.func.id](_work_out(node.args[0], known, depth + 1))
    raise ValueError("it is no arithmetic")
