// The tracks and classes that the service knows.
#pragma once

#include "tests/upstream/text.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CATALOGUE_NAME_MAX = 200,   // bytes of a name
    CATALOGUE_ITEMS_MAX = 4096, // tracks, and classes
};

struct catalogue_item {
    uint32_t id;
    char *name; // NUL-terminated UTF-8
};

// Both lists are sorted by id, without duplicates, and not empty.
struct catalogue {
    struct catalogue_item *tracks;
    size_t track_count;
    struct catalogue_item *classes;
    size_t class_count;
};

// Made-up tracks and classes; ids grow with gaps. Both counts 1..CATALOGUE_ITEMS_MAX.
void catalogue_make(struct catalogue *catalogue, size_t tracks, size_t classes, uint64_t seed);

// The two tracks and one class of the published files' worked example.
void catalogue_make_worked_example(struct catalogue *catalogue);

// Reads the libconfig lists `tracks` and `classes` of { id, name }. False: the reason is on standard error.
bool catalogue_read(struct catalogue *catalogue, const char *file);

// Writes the form that catalogue_read() reads. False: the reason is on standard error.
bool catalogue_write(const struct catalogue *catalogue, const char *file);

void catalogue_free(struct catalogue *catalogue);

// Index of `id` in a sorted list, or -1.
ptrdiff_t catalogue_find(const struct catalogue_item *items, size_t count, uint32_t id);
