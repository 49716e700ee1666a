// Makes drivers' names: people of many countries, as they write themselves, irregularities included.
#pragma once

#include "tests/upstream/text.h"

#include <stdbool.h>
#include <stdint.h>

struct country {
    const char *name;
    const char *code;
};

// Writes the name that belongs to `hash` into `name` (emptied first; UTF-8, not escaped, at most 200 bytes)
// and returns the country that fits it (static). `plain`: ASCII names, single spaces, nothing odd.
const struct country *names_make(uint64_t hash, bool plain, struct text *name);

// Turns `name` into another spelling of the same person's, as after a renaming; always different from it.
void names_respell(uint64_t hash, bool plain, struct text *name);
