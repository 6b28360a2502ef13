"""Small notebooks for the tests of the tools and of what lessons show."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

KERNEL = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def write_notebook(path: Path, *cells: tuple[str, str, list[str]]) -> Path:
    """Write a notebook of (id, source, tags) cells."""
    notebook = new_notebook(metadata=KERNEL)
    notebook.cells = [
        new_code_cell(source, id=cell_id, metadata={"tags": tags})
        for cell_id, source, tags in cells
    ]
    nbformat.write(notebook, path)
    return path


def text_of(path: Path, index: int) -> str:
    return nbformat.read(path, as_version=4).cells[index].outputs[0].text
