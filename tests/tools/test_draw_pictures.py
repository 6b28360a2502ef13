"""The pictures at the top of the lessons can be drawn again, and the stored ones are up to date."""

import runpy
import subprocess
import sys
from pathlib import Path

import draw_pictures
import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import LESSONS, PROJECT
from PIL import Image

WITH_PICTURE = [lesson for lesson in LESSONS if draw_pictures.drawing_of(lesson).exists()]


def pixels(picture: Path) -> np.ndarray:
    return np.asarray(Image.open(picture).convert("RGB"), np.int16)


def test_every_drawing_belongs_to_a_lesson() -> None:
    drawings = {path.name for path in draw_pictures.PICTURES.glob("lesson_*.py")}
    assert drawings == {draw_pictures.drawing_of(lesson).name for lesson in WITH_PICTURE}
    stored = {path.name for path in draw_pictures.IMAGES.glob("*")}
    assert stored == {draw_pictures.picture_of(lesson).name for lesson in WITH_PICTURE}


@pytest.mark.parametrize("illustrated", WITH_PICTURE, ids=lambda path: path.stem)
def test_the_stored_picture_is_what_is_drawn_now(illustrated: Path, tmp_path: Path) -> None:
    picture = draw_pictures.picture_of(illustrated, tmp_path)
    draw_pictures.draw(illustrated, picture)
    drawn, stored = pixels(picture), pixels(draw_pictures.picture_of(illustrated))
    assert drawn.shape == stored.shape, "make pictures"
    changed = np.abs(drawn - stored).max(axis=-1) > 32
    assert changed.mean() < 0.001, f"{changed.sum()} pixels are not as drawn now: make pictures"
    assert drawn.shape[1] <= 912, "at most 9.5 inches wide"
    assert len(list(tmp_path.iterdir())) == 1, "nothing unfinished is left"
    first = picture.read_bytes()
    draw_pictures.draw(illustrated, picture)
    assert picture.read_bytes() == first, "two drawings have the same bytes"


@pytest.mark.parametrize("illustrated", WITH_PICTURE, ids=lambda path: path.stem)
def test_the_lesson_shows_its_picture(illustrated: Path) -> None:
    name = draw_pictures.picture_of(illustrated).name
    assert f"(images/{name})" in nbformat.read(illustrated, as_version=4).cells[0].source


def test_a_file_that_is_no_lesson_is_refused_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, PROJECT / "tools" / "draw_pictures.py", "nowhere.ipynb"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "there is no file nowhere.ipynb" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_curvatures_that_are_drawn_begin_as_measured_now() -> None:
    module = runpy.run_path(str(draw_pictures.PICTURES / "lesson_09.py"), run_name="picture")
    stored = pd.read_csv(module["TABLE"])
    assert set(stored.run) == {"rate 0.2", "rate 0.3", "rate 0.4", "changed"}
    (first,) = module["make_train"]()(np.full(module["EVERY"], 0.2))
    assert stored[stored.step == 0].curvature.tolist() == pytest.approx([first] * 4, rel=0.02)
