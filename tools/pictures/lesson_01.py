"""The picture at the top of lesson 1; ``make pictures`` draws it."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from helpers import figures, plots
from helpers.preprocess_data import load_fashion_mnist, prepare_data

ROWS, COLUMNS = (11, 17), (9, 15)
STACKED = 5


def draw() -> plt.Figure:
    """An image, a part of it as whole numbers, the same part scaled, and a batch of images."""
    (images, _), _ = load_fashion_mnist()
    scaled = prepare_data(images[:STACKED])
    figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.8))
    figure.get_layout_engine().set(wspace=0.14)
    figures.plot_pixels(images[0], axes=axes[0])
    frame = (COLUMNS[0] - 0.5, ROWS[0] - 0.5), 6, 6
    axes[0].add_patch(plt.Rectangle(*frame, fill=False, color=plots.VERMILION, linewidth=2))
    figures.plot_pixels(images[0], ROWS, COLUMNS, numbers=True, axes=axes[1])
    figures.plot_pixels(scaled[0], ROWS, COLUMNS, numbers=True, axes=axes[2])
    draw_stack(axes[3], scaled)
    titles = ("an image", "0 to 255", "0 to 1", "a batch")
    below = ("28 x 28 pixels", "uint8", "prepare_data: float32", "128 x 28 x 28")
    for place, title, text in zip(axes, titles, below, strict=True):
        place.set_title(title, loc="center")
        place.set(xticks=[], yticks=[], xlabel=text, ylabel="")
        place.spines[:].set_visible(False)
    for number, place in enumerate(axes[:3]):
        place.set_zorder(3 - number)  # its arrow lies over the next panel
        arrow = {"arrowstyle": "-|>", "color": plots.BLUE, "linewidth": 2.5}
        ends = {"xy": (1.15, 0.5), "xytext": (1.02, 0.5)}
        place.annotate("", **ends, xycoords="axes fraction", arrowprops=arrow).set_in_layout(False)
    return figure


def draw_stack(axes: Axes, images: list) -> None:
    """Several images, each a little lower and further right than the one behind it."""
    for number, image in enumerate(images[::-1]):
        left, top = 7 * number, 7 * number
        axes.imshow(image, extent=(left, left + 28, top + 28, top), zorder=number)
        frame = plt.Rectangle(
            (left, top), 28, 28, fill=False, edgecolor=plots.GREY, zorder=number + 0.5
        )
        axes.add_patch(frame)
    size = 28 + 7 * (len(images) - 1)
    axes.set(xlim=(-1, size + 1), ylim=(size + 1, -1))
    axes.grid(False)
