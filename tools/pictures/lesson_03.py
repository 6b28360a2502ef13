"""The picture at the top of lesson 3; ``make pictures`` draws it.

The events are recorded during a real ``fit``; the images are blank, since only the order counts.
"""

import matplotlib.pyplot as plt
import numpy as np

from helpers import figures
from helpers.callbacks import EventRecorder
from helpers.model import create_model

import keras  # isort: skip


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


def draw() -> plt.Figure:
    """Every call of fit is a bar from its beginning to its end; what lies lower happens inside."""
    axes = figures.plot_events(record())
    axes.set_title("Inside one call of fit, a callback is told of every beginning and every end")
    axes.set(xlabel="time; what lies lower happens inside what is above", ylabel="")
    axes.set(xticks=[], yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)
    return axes.figure
