"""Put the picture at the top of README.md together: a half of each of four pictures of the lessons.

    python tools/draw_overview.py      # make pictures does it, too

Nothing is drawn for it alone. When a picture that it is cut from changes, a cut may meet something that is
drawn there; that is an error, and the column in ``ROWS`` has to be chosen again.
"""

from pathlib import Path

import numpy as np
from atomic_files import replacing
from chosen_lessons import NOTEBOOKS, PROJECT
from PIL import Image

OVERVIEW = PROJECT / "site" / "_static" / "overview.png"
# A lesson, the column of its picture where it is cut in two, and which half is taken.
ROWS = [
    [("06", 402, "left"), ("07", 554, "left")],
    [("08", 428, "right"), ("09", 476, "left")],
]
MARGIN = 10
WHITE = 255


def half(lesson: str, column: int, side: str) -> np.ndarray:
    """Return the pixels of a half of the picture of a lesson, without the white around them.

    Raises:
        ValueError: something is drawn where the picture is cut.
    """
    (path,) = (NOTEBOOKS / "images").glob(f"{lesson}_*.png")
    pixels = np.asarray(Image.open(path).convert("RGB"))
    if not (pixels[:, column] == WHITE).all():
        raise ValueError(f"{path.name}: something is drawn in column {column}: cut it elsewhere")
    pixels = pixels[:, :column] if side == "left" else pixels[:, column:]
    rows, columns = np.nonzero((pixels != WHITE).any(axis=-1))
    return pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def put_together(pictures: list[np.ndarray], axis: int) -> np.ndarray:
    """Lay pictures in a row (axis 1) or in a column (axis 0), at their own size, on white."""
    longest = max(one.shape[1 - axis] for one in pictures)
    padded = []
    for one in pictures:
        widths = [(MARGIN, MARGIN)] * 2 + [(0, 0)]
        widths[1 - axis] = (MARGIN, longest - one.shape[1 - axis])
        padded.append(np.pad(one, widths, constant_values=WHITE))
    return np.concatenate(padded, axis=axis)


def draw(picture: Path) -> None:
    """Write the picture; the old one is replaced at the end."""
    rows = [put_together([half(*one) for one in row], axis=1) for row in ROWS]
    whole = Image.fromarray(put_together(rows, axis=0))
    with replacing(picture) as unfinished:
        whole.save(unfinished, format="png", optimize=True)


if __name__ == "__main__":
    draw(OVERVIEW)
    print(f"{OVERVIEW.relative_to(PROJECT)}: {OVERVIEW.stat().st_size // 1000} KB")
