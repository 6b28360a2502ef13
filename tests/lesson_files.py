"""Read lessons, and normalise the code in them, for the tests of tests/lessons."""

import ast
import re
import symtable
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

Definition = ast.FunctionDef | ast.ClassDef


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def cells_tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    return [cell for cell in code_cells(notebook) if tag in tags(cell)]


def code_lines(cell: NotebookNode) -> int:
    return sum(1 for line in cell.source.splitlines() if line.strip())


def is_folded(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def heading_lines(cell: NotebookNode) -> list[int]:
    """Numbers, from 0, of the lines of a Markdown cell that are headings; code in it has none."""
    found, in_code = [], False
    for number, line in enumerate(cell.source.splitlines()):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code and re.match(r" {0,3}#{1,6} ", line):
            found.append(number)
    return found


def asserts(source: str) -> list[ast.Assert]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)]


def has_assert(cell: NotebookNode) -> bool:
    return bool(asserts(cell.source))


def called_names(node: ast.AST) -> set[str]:
    """The last part of the name of everything that is called: ``plots.show(...)`` gives "show"."""
    calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
    return {f.attr for f in calls if isinstance(f, ast.Attribute)} | {
        f.id for f in calls if isinstance(f, ast.Name)
    }


def assigned_names(source: str) -> set[str]:
    """What a cell defines for the cells after it."""
    found: set[str] = set()
    for statement in ast.parse(source).body:
        if isinstance(statement, Definition):
            found.add(statement.name)
            continue
        found |= {
            node.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        } - loop_names(statement)
    return found


def loop_names(statement: ast.stmt) -> set[str]:
    """Names that only a comprehension or a ``for`` gives a meaning to."""
    targets = [
        node.target
        for node in ast.walk(statement)
        if isinstance(node, (ast.comprehension, ast.For))
    ]
    return {node.id for t in targets for node in ast.walk(t) if isinstance(node, ast.Name)}


def used_names(source: str) -> set[str]:
    """Names that a cell takes from the cells before it, or from itself; not a function's own."""

    def walk(scope: symtable.SymbolTable) -> Iterator[str]:
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (scope.get_type() == "module" or symbol.is_global()):
                yield symbol.get_name()
        for child in scope.get_children():
            yield from walk(child)

    return set(walk(symtable.symtable(source, "cell", "exec")))


def is_picture(output: NotebookNode) -> bool:
    return any(kind.startswith("image/") for kind in output.get("data", {}))


def draws(cell: NotebookNode) -> bool:
    """Whether a cell draws: it makes axes, shows a figure, or left a picture."""
    names = called_names(ast.parse(cell.source))
    return bool(names & {"subplots", "subplot_mosaic", "figure", "show"}) or any(
        is_picture(output) for output in cell.outputs
    )


def parameters(notebook: NotebookNode) -> dict[str, object]:
    """The names and default values in the cell tagged ``parameters``."""
    (cell,) = cells_tagged(notebook, "parameters")
    return {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in ast.parse(cell.source).body
    }


def output_text(cell: NotebookNode) -> str:
    """Everything readable in a cell's outputs; pictures are left out."""
    parts = []
    for output in cell.outputs:
        parts.append(output.get("text", ""))
        data = output.get("data", {})
        parts += [str(value) for kind, value in data.items() if not kind.startswith("image/")]
    return "\n".join(parts)


def printed_lines(cell: NotebookNode) -> list[str]:
    """Lines of plain text under a cell, as wide as they were printed; captions wrap, so not they."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(output.text)
        elif not is_picture(output) and not {"text/markdown", "text/html"} & set(output.data):
            parts.append(str(output.data.get("text/plain", "")))
    return "\n".join(parts).splitlines()


# --- one definition, two places -----------------------------------------------------------------


def definitions(source: str) -> list[Definition]:
    return [node for node in ast.parse(source).body if isinstance(node, Definition)]


def normalised(definition: Definition) -> str:
    """The code of a definition as a lesson shows it: no docstrings, annotations and guards.

    A guard is a statement that calls ``check_...(...)``, which vanishes, or
    ``checked_...("name", value, ...)``, which counts as ``value``. A method, and a line ``x = x``, of
    which only this is left vanish too.
    """
    tree = _WithoutGuards().visit(ast.parse(ast.unparse(definition)))
    return ast.unparse(ast.fix_missing_locations(tree))


class _WithoutGuards(ast.NodeTransformer):
    in_class_body = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._visit_body(node, in_class_body=False)
        node.returns = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._visit_body(node, in_class_body=True)
        node.body = [s for s in node.body if not _is_only_guards(s)] or [ast.Pass()]
        return node

    def _visit_body(self, node: Definition, in_class_body: bool) -> None:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        before, self.in_class_body = self.in_class_body, in_class_body
        self.generic_visit(node)
        self.in_class_body = before
        node.body = node.body or [ast.Pass()]

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """In a function ``x: int = 1`` counts as ``x = 1``; a field of a class stands as it is."""
        if self.in_class_body or node.value is None:
            return self.generic_visit(node)
        return self.visit_Assign(ast.Assign([node.target], node.value))

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        call = node.value
        if isinstance(call, ast.Call) and _name(call).startswith("check_"):
            return None
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        self.generic_visit(node)
        is_itself = len(node.targets) == 1 and (
            ast.unparse(node.targets[0]) == ast.unparse(node.value)
        )
        return None if is_itself else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        names_its_value = len(node.args) >= 2 and (
            isinstance(node.args[0], ast.JoinedStr)
            or (isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str))
        )
        if _name(node).startswith("checked_") and names_its_value:
            return node.args[1]
        return node


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _is_only_guards(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef) and isinstance(statement.body[0], ast.Pass)
