"""The sliders of lesson 5 in a real kernel: one picture, drawn at the start, replaced in its place."""

import base64
import copy
import struct

import nbformat
import pytest
from nbclient import NotebookClient

SETUP = """
import ipywidgets as widgets
import matplotlib.pyplot as plt
from helpers import figures, plots

plots.use_course_style()


def draw(height, how_many):
    drawn.append((height, how_many))
    figure, axes = plt.subplots()
    axes.plot([0, height] * how_many)
    return axes


drawn = []
height, many = widgets.IntSlider(3, 0, 9), widgets.IntSlider(2, 1, 4)
"""
EXPLORE = "figures.explore(draw, 'What to see: it rises.', height=height, how_many=many)"
MOVE = """
height.value = 7
many.value = 4
print(first, drawn, plt.get_fignums(), height.description, "|", many.description)
"""


def run(*cells: str) -> tuple[list, list]:
    """The cells at the end, and each one as it was when it had just run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    client = NotebookClient(notebook, kernel_name="python3", timeout=120, coalesce_streams=True)
    just_run = []
    client.on_cell_executed = lambda cell, **_: just_run.append(copy.deepcopy(cell))
    client.execute()
    return notebook.cells, just_run


def pictures(cell) -> list:
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


def size(png: str) -> tuple[int, int]:
    return struct.unpack(">II", base64.b64decode(png)[16:24])


@pytest.fixture(scope="module")
def cells():
    show = EXPLORE + "\nfirst = list(drawn)"
    moved, just_run = run(SETUP, show, MOVE)
    return just_run[1], moved[1], moved[2]


def test_one_picture_is_there_at_the_start_with_its_caption(cells):
    still = cells[0]
    kinds = [sorted(output.data) for output in still.outputs]
    assert kinds[0] == ["application/vnd.jupyter.widget-view+json"], "the sliders, without text"
    assert kinds[1] == ["image/png", "text/plain"]
    assert still.outputs[2].data["text/markdown"] == "*What to see: it rises.*"
    assert len(kinds) == 3
    assert still.outputs[1].metadata["image/png"]["alt"] == "What to see: it rises."


def test_moving_a_slider_replaces_it_and_adds_none(cells):
    still, moved, move = cells
    assert len(moved.outputs) == 3 and len(pictures(moved)) == 1
    before, after = pictures(still)[0], pictures(moved)[0]
    assert before.data["image/png"] != after.data["image/png"], "drawn again"
    assert not pictures(move), "no second picture"
    assert before.metadata == after.metadata, "of the same height, so the page does not jump"
    assert size(before.data["image/png"]) == size(after.data["image/png"])


def test_it_is_drawn_once_per_move_with_the_values_by_name(cells):
    (said,) = cells[2].outputs
    assert said.text == "[(3, 2)] [(3, 2), (7, 2), (7, 4)] [] height | how many\n"
