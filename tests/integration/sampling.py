"""Which cases of a long table every run has, and which only a run of everything."""

import pytest


def one_in(share, cases):
    """Parameters of a test of which each `share`th is in every run, and the others among the slow tests."""
    return [case if at % share == 0 else pytest.param(case, marks=pytest.mark.slow) for at, case in enumerate(cases)]
