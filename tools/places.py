"""Places of a program that can be broken on purpose: each is a small change that keeps it a program."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """One change: bytes `start` to `stop` of a file become `after`.

    Attributes
    ----------
    kind
        `comparison`, `arithmetic`, `condition`, `logic`, `constant`, `statement` or `answer`.
    before, after
        What stands there, and what would.
    """

    path: str
    line: int
    kind: str
    start: int
    stop: int
    before: str
    after: str

    def apply(self, source: bytes) -> bytes:
        """Return the program with this change."""
        return source[: self.start] + self.after.encode() + source[self.stop :]

    def __str__(self) -> str:
        shown = [" ".join(text.split())[:90] for text in (self.before, self.after)]
        return f"{self.path}:{self.line} {self.kind}: {shown[0]} -> {shown[1]}"


_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
_DEFAULTS = {
    "bool": "False",
    "int": "0",
    "float": "0.0",
    "str": "''",
    "bytes": "b''",
    "list": "[]",
    "dict": "{}",
    "set": "set()",
    "tuple": "()",
}


def list_places(path: str, source: bytes) -> list[Place]:
    """Return every place of a file."""
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    return [place for place in finder.found if place.before != place.after]


class _Finder(ast.NodeVisitor):
    """Walks through a file; annotations, decorators and texts are no behaviour."""

    skipped: ClassVar[frozenset[str]] = frozenset({"annotation", "returns", "decorator_list", "type_params"})

    def __init__(self, path: str, source: bytes) -> None:
        self.found: list[Place] = []
        self._path, self._source = path, source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._returns: list[str] = []

    def generic_visit(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if name in self.skipped:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._returns.append("" if node.returns is None else ast.unparse(node.returns))
        self.generic_visit(node)
        self._returns.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  # the name that `ast` looks for

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) not in {"TYPE_CHECKING", "__name__ == '__main__'"}:
            self._negate(node.test)
            self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for position, operator in enumerate(node.ops):
            other = _COMPARISONS[type(operator)]()
            changed = [*node.ops[:position], other, *node.ops[position + 1 :]]
            self._replace(node, ast.Compare(node.left, changed, node.comparators), "comparison")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in _ARITHMETIC and not _is_text(node.left) and not _is_text(node.right):
            changed = ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
            self._replace(node, changed, "arithmetic")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._replace(node, ast.BoolOp(other, node.values), "logic")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._replace(node, node.operand, "condition")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._replace(node, ast.Constant(not node.value), "constant")
        elif isinstance(node.value, int | float):
            self._replace(node, ast.Constant(node.value + 1), "constant")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Pass a sentence by: what stands inside has no place of its own in the file."""

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call | ast.Await):
            self._add(node, "pass", "statement")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._add(node, "pass", "statement")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._add(node, "pass", "statement")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and self._returns:
            annotation = self._returns[-1]
            default = next(
                (text for name, text in _DEFAULTS.items() if annotation.partition("[")[0] == name), "None"
            )
            if ast.unparse(node.value) != default:
                self._add(node, f"return {default}", "answer")
        self.generic_visit(node)

    def _negate(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare) and not (
            isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        ):
            self._replace(test, ast.UnaryOp(ast.Not(), test), "condition")

    def _replace(self, node: ast.expr, changed: ast.expr, kind: str) -> None:
        text = ast.unparse(changed)
        self._add(node, text if isinstance(changed, ast.Constant) else f"({text})", kind)

    def _add(self, node: ast.expr | ast.stmt, after: str, kind: str) -> None:
        if node.end_lineno is None or node.end_col_offset is None:
            return
        start = self._starts[node.lineno - 1] + node.col_offset
        stop = self._starts[node.end_lineno - 1] + node.end_col_offset
        before = self._source[start:stop].decode()
        self.found.append(Place(self._path, node.lineno, kind, start, stop, before, after))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def list_modules(source: str) -> Iterator[str]:
    """Yield the modules that a test imports, with the names that it takes from them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)
