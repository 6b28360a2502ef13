"""Draw the picture at the top of lesson 3: python tools/pictures/lesson_03.py

The events are recorded during a real ``fit``; the images are blank, since only the order counts.
"""

from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

from helpers import figures, plots
from helpers.callbacks import EventRecorder
from helpers.model import create_model

import keras  # isort: skip

PICTURE = Path(__file__).resolve().parents[2] / "notebooks" / "images" / "03_custom_callbacks.png"


def record() -> list:
    """Train for two epochs of two batches, with one batch of validation, and record every hook."""
    model, recorder = create_model(), EventRecorder()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="sgd", loss=loss)
    images, labels = np.zeros((4, 28, 28), np.float32), np.zeros(4, np.uint8)
    validation = (images[:2], labels[:2])
    model.fit(
        images,
        labels,
        batch_size=2,
        epochs=2,
        verbose=0,
        validation_data=validation,
        callbacks=[recorder],
    )
    return recorder.events


def main() -> None:
    plots.use_course_style()
    axes = figures.plot_events(record())
    axes.set_title("Inside one call of fit, a callback is told of every beginning and every end")
    axes.set(xlabel="", ylabel="")
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    plots.caption(
        axes.figure, "Time runs to the right; what lies lower happens inside what is above."
    )
    axes.figure.savefig(PICTURE, metadata={"Software": None})
    plt.close(axes.figure)


if __name__ == "__main__":
    main()
