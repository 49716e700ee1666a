// Who is where: the boards, computed from the options and never stored row by row.
//
// A row is a pure function of (options, track, class, place). How a board of n places gets n different
// people: a bijection scatters the places over n slots. The first k slots belong to regulars, drawn by slices
// of a power law (slot j takes person j + floor(Q((j + h) / k) · (regulars − k)), Q the law's inverse
// distribution and h a hash in [0, 1), so that slices never meet); the others take the next people of a fixed
// round of all casual drivers, who appear one to five times in it. One round is spread over the whole world,
// so everybody who is casual appears, whatever the numbers.
#pragma once

#include "tests/upstream/catalogue.h"
#include "tests/upstream/drivers.h"

#include <stdbool.h>
#include <stdint.h>

// Ways in which a row departs from the regular shape; at most one each, none with `plain`. See page.c.
enum oddity {
    ODD_NONE,
    ODD_PATH_MISSING,
    ODD_PATH_NULL,
    ODD_NAME_MISSING,
    ODD_AVATAR_NULL,
    ODD_COUNTRY_MISSING,
    ODD_COUNTRY_STRING,
    ODD_TEAM_NULL,
    ODD_TEAM_OBJECT,
    ODD_RANK_OBJECT,
    ODD_RANK_NUMBER,
    ODD_CLASS_CAPITALS,
    ODD_CLASS_MISSING,
    ODD_CAR_MISSING,
    ODD_DATE_MISSING,
    ODD_DATE_AMERICAN,
    ODD_LAPTIME_NULL,
    ODD_LAPTIME_SHORT,
    ODD_RELATIVE_MISSING,
    ODD_GLOBAL_INDEX_MISSING,
    ODD_INDEX_STRING,
    ODD_MODEL_NULL,
    ODD_TRACK_MISSING,
    ODD_FIELD_UNKNOWN,
    ODD_COUNT
};

enum {
    WORLD_DAYS = 4500,        // results lie on days 0 (1 January 2014) to WORLD_DAYS - 1
    WORLD_CARS_MAX = 12,      // cars in a class
    WORLD_MODELS = 3,         // driving models
    WORLD_BOARD_MAX = 200000, // rows of one board
};

struct world_options {
    uint64_t seed;
    uint64_t entries;
    uint32_t drivers;
    double filled_percent;
    bool plain;
    bool worked_example; // the rest is ignored
};

struct board {
    uint32_t entries;
    uint32_t first; // number of the board's first entry in the whole world
};

struct car_class {
    uint32_t car_count;
    struct span cars[WORLD_CARS_MAX];          // "car_class":{"car":{…},"class":{…}}
    struct span cars_capitals[WORLD_CARS_MAX]; // the same with "Name" and "Id" in the class
    struct span cars_only[WORLD_CARS_MAX];     // without the class
};

struct world {
    struct world_options options;
    const struct catalogue *catalogue; // borrowed
    struct drivers drivers;
    struct board *boards; // of (track index × class count + class index)
    size_t board_count;
    size_t filled_count;
    uint32_t regulars;      // drivers 0..regulars-1; the rest is casual
    uint32_t rounds[5];     // how many of the casual drivers appear at least 1, 2, … 5 times
    uint64_t round_total;   // sum of the above
    uint64_t casual_places; // places of the whole world that go to casual drivers
    struct text fragments;
    struct car_class *classes;
    struct span *tracks; // "track":{…}
};

// One place of a board. Views point into the world and are ready for a page.
struct row {
    struct view name; // escaped for JSON
    struct view country;
    struct view car;
    struct view team;
    uint32_t person;
    uint32_t gap_ms; // behind the leader
    uint32_t second; // of the day
    uint16_t day;
    uint8_t rank;
    uint8_t model;
    enum oddity oddity;
};

// What all rows of a board have in common; made once for each page.
struct board_cursor {
    const struct world *world;
    uint32_t board;
    uint32_t entries;
    uint32_t leader_ms; // the leader's lap time
    struct view track;
    const struct car_class *class;
    uint64_t hash;
    uint32_t gap_step_ms;
    uint32_t multiplier, shift; // slot = (place × multiplier + shift) mod entries
    uint32_t regular_slots;
    uint32_t regular_pool; // people that the regular slots are drawn from
    uint64_t casual_first;
};

// False: the numbers contradict each other; the reason is on standard error. `catalogue` must outlive the
// world.
bool world_make(struct world *world, const struct world_options *options, const struct catalogue *catalogue);
void world_free(struct world *world);

// Points `cursor` at a board; it stays valid as long as the world.
void world_open(const struct world *world, uint32_t board, struct board_cursor *cursor);
// Fills in `row` for `place` (zero-based, below cursor->entries).
void world_row(const struct board_cursor *cursor, uint32_t place, struct row *row);

static inline uint32_t world_board(const struct world *world, size_t track, size_t class_index)
{
    return (uint32_t)(track * world->catalogue->class_count + class_index);
}
