"""Programs of others that a test may do without: it is skipped, in words, where they are not installed."""

import os
import shutil

import pytest

MISSING = "{} is not installed; deploy/install-deps --test --daemons (or --package) installs it"


def find(program):
    """Its path, or None. Daemons stand in sbin, which is not on everybody's path."""
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")


def needs(program):
    """A mark for tests that are nothing without it."""
    return pytest.mark.skipif(not find(program), reason=MISSING.format(program))


def need(program):
    """For the last lines of a test, which can do the rest without it."""
    if not find(program):
        pytest.skip(MISSING.format(program))
