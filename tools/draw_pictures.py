"""Draw the pictures at the top of the lessons into notebooks/images.

    python tools/draw_pictures.py                              all of them
    python tools/draw_pictures.py notebooks/02_*.ipynb         those of some lessons

Each is drawn by ``draw()`` in tools/pictures/lesson_NN.py. Lessons without such a file have none.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

import matplotlib
from atomic_files import replacing
from chosen_lessons import NOTEBOOKS, PROJECT, chosen_lessons

matplotlib.use("agg")
import matplotlib.pyplot as plt

PICTURES = PROJECT / "tools" / "pictures"
IMAGES = NOTEBOOKS / "images"


def drawing_of(lesson: Path) -> Path:
    """The file that draws the picture of ``notebooks/NN_name.ipynb``."""
    return PICTURES / f"lesson_{lesson.name[:2]}.py"


def picture_of(lesson: Path, folder: Path = IMAGES) -> Path:
    return folder / f"{lesson.stem}.png"


def draw(lesson: Path, picture: Path) -> None:
    """Draw the picture of a lesson in the style of the course; the old one is replaced at the end."""
    from helpers import plots

    drawing = drawing_of(lesson)
    spec = importlib.util.spec_from_file_location(drawing.stem, drawing)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with plt.rc_context():
        plots.use_course_style()
        figure = module.draw()
        with replacing(picture) as unfinished:
            figure.savefig(unfinished, format="png", metadata={"Software": None})
        plt.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", type=Path, help="notebooks; all lessons by default")
    try:
        lessons = chosen_lessons(parser.parse_args().lessons)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    for lesson in lessons:
        if not drawing_of(lesson).exists():
            print(f"{lesson.name}: no picture, tools/pictures has no {drawing_of(lesson).name}")
            continue
        picture = picture_of(lesson)
        draw(lesson, picture)
        print(f"{lesson.name}: drew {picture.relative_to(PROJECT)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
