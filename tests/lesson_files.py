"""Read lessons for the structure tests."""

import ast
from pathlib import Path

import nbformat
from nbformat import NotebookNode


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


def has_assert(cell: NotebookNode) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cell.source)))


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
