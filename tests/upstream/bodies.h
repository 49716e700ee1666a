// Memory of bodies that were sent, kept for the next ones: without it, each page of a megabyte would be
// mapped, cleared by the kernel and unmapped anew.
#pragma once

#include "tests/upstream/text.h"

enum { BODIES_MAX = 8 };

struct bodies {
    struct text spare[BODIES_MAX];
    size_t count;
};

// Returns an empty text, with memory in it if there is some to spare.
struct text bodies_take(struct bodies *bodies);
// Takes over the memory of `body`, or frees it, and empties it.
void bodies_give(struct bodies *bodies, struct text *body);
void bodies_free(struct bodies *bodies);
