// The people: who they are, independent of where they drive.
#pragma once

#include "tests/upstream/names.h"
#include "tests/upstream/text.h"

#include <stdint.h>

// One person. Names are offsets into the drivers' text, already escaped for JSON.
struct driver {
    uint32_t person; // the digits in driver.path; unique
    uint32_t name;
    uint32_t old_name;    // the spelling before `renamed_day`; equal to `name` for those never renamed
    uint16_t renamed_day; // see world.h for what a day is; 0: never
    uint16_t team;
    uint16_t name_length;
    uint16_t old_name_length;
    uint8_t country;
    uint8_t rank;
};

struct drivers {
    struct driver *list;
    uint32_t count;
    struct text names;
    struct text fragments;  // what the spans below are parts of
    struct span *countries; // "country":{…}, ready for a page
    struct span *teams;     // "team":"…", ready for a page
};

enum { DRIVERS_RANKS = 5 };

// Makes `count` people. `days` is the number of days over which results are spread.
void drivers_make(struct drivers *drivers, uint32_t count, uint64_t seed, uint16_t days, bool plain);
void drivers_free(struct drivers *drivers);

// The name that `driver` had on `day`, escaped for JSON.
static inline struct view drivers_name(
    const struct drivers *drivers, const struct driver *driver, uint16_t day)
{
    if (day < driver->renamed_day)
        return (struct view){drivers->names.data + driver->old_name, driver->old_name_length};
    return (struct view){drivers->names.data + driver->name, driver->name_length};
}
