"""The checks of the exercises: one file per lesson, ``check_1(answer)``, ``check_2(answer)``, ..."""

import helpers  # noqa: F401  (first of all: it quiets TensorFlow's start-up lines)
