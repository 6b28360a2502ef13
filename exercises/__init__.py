"""The checks of the exercises: one file per lesson, ``check_1(answer)``, ``check_2(answer)``, ..."""
