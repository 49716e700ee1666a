// The truth for tests to compare with: every board, complete, in the very bytes that its pages hold.
#pragma once

#include "tests/upstream/world.h"

// Writes one JSON object per combination and line, by track id then class id, to `file` ("-": standard
// output). False: the reason is on standard error.
bool truth_write(const struct world *world, const char *file);
