#include "tests/upstream/world.h"

#include "tests/upstream/random.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ROUNDS = 5,
    REGULARS_PERCENT = 15,
    CASUAL_PLACES_MAX_PERCENT = 80,
    GAP_MAX_MS = 55000, // a gap over a minute would need a form that nobody has documented
    WORKED_EXAMPLE_ROWS = 3,
};

// Shifts of the two power laws (of board sizes, exponent 2, and of regulars, 1.5): the higher, the flatter
// the head.
static const double BOARD_SIZE_SHIFT = 60;
static const double REGULARS_SHIFT_SHARE = 1.0 / 40;

// Purposes of derived hashes.
enum { SALT_ORDER = 1, SALT_CAR, SALT_LAP, SALT_PERMUTATION, SALT_ROW, SALT_SLOT };

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory) {
        fputs("r3e-upstream: out of memory\n", stderr);
        abort();
    }
    return memory;
}

// --- board sizes ---

// Gives each of the `filled` boards one entry and deals the rest by a power law over their order. The sum is
// exact: each board gets the difference of two roundings of the running total. What a board cannot hold goes
// to the next.
static void deal_entries(
    struct world *world, const uint32_t *order, size_t filled, uint64_t entries, uint32_t most)
{
    double total = 0;
    for (size_t i = 0; i < filled; i++) {
        double x = (double)i + BOARD_SIZE_SHIFT;
        total += 1 / (x * x);
    }
    uint64_t extra = entries - filled;
    uint64_t dealt = 0;
    double sum = 0;
    for (size_t i = 0; i < filled; i++) {
        double x = (double)i + BOARD_SIZE_SHIFT;
        sum += 1 / (x * x);
        uint64_t target = i + 1 == filled ? extra : (uint64_t)((double)extra * (sum / total));
        uint64_t share = target > dealt ? target - dealt : 0;
        if (share > most - 1)
            share = most - 1;
        dealt += share;
        world->boards[order[i]].entries = (uint32_t)(share + 1);
    }
    for (size_t i = 0; i < filled && dealt < extra; i++) {
        struct board *board = &world->boards[order[i]];
        uint64_t room = most - board->entries;
        uint64_t share = room < extra - dealt ? room : extra - dealt;
        board->entries += (uint32_t)share;
        dealt += share;
    }
    assert(dealt == extra);
}

static bool size_boards(struct world *world)
{
    const struct world_options *options = &world->options;
    uint32_t most = options->drivers < WORLD_BOARD_MAX ? options->drivers : WORLD_BOARD_MAX;
    if (options->entries > (uint64_t)world->board_count * most) {
        fprintf(stderr,
            "r3e-upstream: %" PRIu64 " entries do not fit into %zu combinations of %u drivers; "
            "raise --drivers or --tracks and --classes\n",
            options->entries, world->board_count, options->drivers);
        return false;
    }
    size_t filled = (size_t)((double)world->board_count * options->filled_percent / 100);
    if (filled > options->entries)
        filled = (size_t)options->entries;
    if ((uint64_t)filled * most < options->entries)
        filled = (size_t)((options->entries + most - 1) / most);
    world->filled_count = filled;

    uint32_t *order = allocate(world->board_count, sizeof *order);
    for (uint32_t i = 0; i < world->board_count; i++) {
        uint32_t j = random_below(random_derive(options->seed ^ random_mix(i), SALT_ORDER), i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    if (filled > 0)
        deal_entries(world, order, filled, options->entries, most);
    free(order);
    uint64_t first = 0;
    for (size_t i = 0; i < world->board_count; i++) {
        world->boards[i].first = (uint32_t)first;
        first += world->boards[i].entries;
    }
    return true;
}

// Splits the drivers into regulars and casuals, and the places between them.
static void plan_drivers(struct world *world)
{
    static const uint32_t PERCENT_WITH_AT_LEAST[ROUNDS] = {100, 55, 32, 20, 12};
    const struct world_options *options = &world->options;
    world->regulars = options->drivers * REGULARS_PERCENT / 100;
    uint64_t casuals = options->drivers - world->regulars;
    for (int i = 0; i < ROUNDS; i++) {
        world->rounds[i] = (uint32_t)(casuals * PERCENT_WITH_AT_LEAST[i] / 100);
        world->round_total += world->rounds[i];
    }
    uint64_t limit = options->entries * CASUAL_PLACES_MAX_PERCENT / 100;
    world->casual_places = world->round_total < limit ? world->round_total : limit;
}

// --- fragments ---

static void make_track(struct world *world, size_t index)
{
    const struct catalogue_item *track = &world->catalogue->tracks[index];
    struct text *out = &world->fragments;
    size_t start = out->length;
    text_append_string(out, "\"track\":{\"name\":\"");
    text_append_json(out, track->name, strlen(track->name), ESCAPE_SLASH | ESCAPE_UNICODE);
    text_append_format(out,
        "\",\"image\":\"https:\\/\\/prod.r3eassets.com\\/assets\\/content\\/track\\/"
        "layout-%u-image-full.png?v=1762108\"}",
        track->id);
    world->tracks[index] = text_span(out, start);
}

// How a car's fragment ends: with the class in small letters, in capitals, or without it.
enum class_form { CLASS_SMALL, CLASS_CAPITALS, CLASS_NONE };

static struct span make_car(struct world *world, const struct catalogue_item *class, const char *car,
    uint32_t car_id, enum class_form form)
{
    struct text *out = &world->fragments;
    size_t start = out->length;
    text_append_string(out, "\"car_class\":{\"car\":{\"name\":\"");
    text_append_json(out, car, strlen(car), ESCAPE_PLAIN);
    text_append_string(out, "\",\"class-name\":\"");
    text_append_json(out, class->name, strlen(class->name), ESCAPE_PLAIN);
    text_append_format(out,
        "\",\"icon\":\"https://prod.r3eassets.com/assets/content/carlivery/"
        "car-%u-image-thumb.webp?v=202511021823\"}",
        car_id);
    if (form != CLASS_NONE) {
        text_append_string(out, form == CLASS_SMALL ? ",\"class\":{\"name\":\"" : ",\"class\":{\"Name\":\"");
        text_append_json(out, class->name, strlen(class->name), ESCAPE_PLAIN);
        text_append_format(out, form == CLASS_SMALL ? "\",\"id\":%u}" : "\",\"Id\":%u}", class->id);
    }
    text_append_string(out, "}");
    return text_span(out, start);
}

static void make_class(struct world *world, size_t index)
{
    static const char *const MAKERS[] = {"Audi R8 LMS", "BMW M6", "Mercedes-AMG", "Porsche 911",
        "Citroën C-Elysée", "Škoda Octavia", "McLaren 650S", "Lynk & Co 03", "Volvo 240 \"Turbo\"",
        "Nissan GT-R", "Ford Mustang"};
    enum { MAKER_COUNT = sizeof MAKERS / sizeof MAKERS[0] };
    const struct catalogue_item *class = &world->catalogue->classes[index];
    struct car_class *made = &world->classes[index];
    uint64_t hash = random_derive(world->options.seed ^ class->id, SALT_CAR);
    made->car_count = world->options.worked_example ? 1 : 1 + random_below(hash, WORLD_CARS_MAX);
    for (uint32_t i = 0; i < made->car_count; i++) {
        struct text car = {0};
        const char *maker = world->options.plain ? MAKERS[random_below(random_derive(hash, i), 4)]
                                                 : MAKERS[random_below(random_derive(hash, i), MAKER_COUNT)];
        if (world->options.worked_example)
            text_append_string(&car, "Audi R8 LMS GT3");
        else
            text_append_format(&car, "%s %u", maker, 2001 + i * 3);
        text_append(&car, "", 1);
        made->cars[i] = make_car(world, class, car.data, class->id + i + 1, CLASS_SMALL);
        made->cars_capitals[i] = make_car(world, class, car.data, class->id + i + 1, CLASS_CAPITALS);
        made->cars_only[i] = make_car(world, class, car.data, class->id + i + 1, CLASS_NONE);
        text_free(&car);
    }
}

static void make_fragments(struct world *world)
{
    size_t track_count = world->catalogue->track_count, class_count = world->catalogue->class_count;
    world->tracks = allocate(track_count, sizeof *world->tracks);
    world->classes = allocate(class_count, sizeof *world->classes);
    for (size_t i = 0; i < track_count; i++)
        make_track(world, i);
    for (size_t i = 0; i < class_count; i++)
        make_class(world, i);
}

// --- the world ---

bool world_make(struct world *world, const struct world_options *options, const struct catalogue *catalogue)
{
    *world = (struct world){.options = *options, .catalogue = catalogue};
    world->board_count = catalogue->track_count * catalogue->class_count;
    world->boards = allocate(world->board_count, sizeof *world->boards);
    if (options->worked_example) {
        world->boards[0].entries = WORKED_EXAMPLE_ROWS;
        world->filled_count = 1;
    } else if (!size_boards(world)) {
        free(world->boards);
        return false;
    } else {
        plan_drivers(world);
        drivers_make(&world->drivers, options->drivers, options->seed, WORLD_DAYS, options->plain);
    }
    make_fragments(world);
    return true;
}

void world_free(struct world *world)
{
    drivers_free(&world->drivers);
    text_free(&world->fragments);
    free(world->boards);
    free(world->tracks);
    free(world->classes);
    *world = (struct world){0};
}

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// How many of the world's first `entry` entries are places of casual drivers: evenly spread, exact in the
// end.
static uint64_t casual_places_before(const struct world *world, uint64_t entry)
{
    return entry * world->casual_places / world->options.entries;
}

static void assign_slots(struct board_cursor *cursor, uint32_t first)
{
    const struct world *world = cursor->world;
    cursor->casual_first = casual_places_before(world, first);
    uint32_t casual =
        (uint32_t)(casual_places_before(world, (uint64_t)first + cursor->entries) - cursor->casual_first);
    cursor->regular_slots = cursor->entries - casual;
    cursor->regular_pool = world->regulars;
    // The same casual driver comes again after as many places as the smallest round is long. A board that is
    // too large for that, or for the regulars, is drawn from everybody instead.
    if (casual > world->rounds[ROUNDS - 1] || cursor->regular_slots > world->regulars) {
        cursor->regular_slots = cursor->entries;
        cursor->regular_pool = world->drivers.count;
    }
    uint64_t hash = random_derive(cursor->hash, SALT_PERMUTATION);
    cursor->shift = random_below(hash, cursor->entries);
    do {
        hash = random_mix(hash);
        cursor->multiplier = 1 + random_below(hash, cursor->entries);
    } while (greatest_common_divisor(cursor->multiplier, cursor->entries) != 1);
}

void world_open(const struct world *world, uint32_t board, struct board_cursor *cursor)
{
    size_t class_count = world->catalogue->class_count;
    size_t track = board / class_count, class = board % class_count;
    uint32_t track_id = world->catalogue->tracks[track].id, class_id = world->catalogue->classes[class].id;
    uint64_t hash = random_mix(world->options.seed ^ random_mix((uint64_t)track_id << 32 | class_id));
    *cursor = (struct board_cursor){.world = world,
        .board = board,
        .entries = world->boards[board].entries,
        .track = text_part(&world->fragments, world->tracks[track]),
        .class = &world->classes[class],
        .hash = hash};
    if (world->options.worked_example) {
        cursor->leader_ms = 106000;
        return;
    }
    // Laps take 48 s to 4 min 8 s; faster classes gain up to a fifth.
    uint32_t track_ms = 48000 + random_below(random_derive(world->options.seed ^ track_id, SALT_LAP), 200000);
    cursor->leader_ms = track_ms + random_below(random_derive(hash, SALT_LAP), track_ms / 5);
    if (cursor->entries == 0)
        return;
    uint32_t spread = cursor->leader_ms / 6 < GAP_MAX_MS ? cursor->leader_ms / 6 : GAP_MAX_MS;
    cursor->gap_step_ms = spread / cursor->entries < 1 ? 1 : spread / cursor->entries;
    if (cursor->gap_step_ms > 900)
        cursor->gap_step_ms = 900;
    assign_slots(cursor, world->boards[board].first);
}

// The inverse of the distribution with density proportional to (x + a)^-1.5 on [0, 1]. Only operations that
// IEEE 754 rounds correctly, so that every machine draws the same people.
static double inverse_power_law(double fraction)
{
    double a = REGULARS_SHIFT_SHARE;
    double head = 1 / sqrt(a), tail = 1 / sqrt(1 + a);
    double root = head - fraction * (head - tail);
    double x = 1 / (root * root) - a;
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static const struct driver *driver_in_slot(const struct board_cursor *cursor, uint32_t slot)
{
    const struct world *world = cursor->world;
    const struct driver *list = world->drivers.list;
    if (slot < cursor->regular_slots) {
        double hash = random_fraction(random_derive(cursor->hash ^ slot, SALT_SLOT));
        double share = inverse_power_law((slot + hash) / cursor->regular_slots);
        return &list[slot + (uint32_t)(share * (cursor->regular_pool - cursor->regular_slots))];
    }
    uint64_t at = (cursor->casual_first + (slot - cursor->regular_slots)) % world->round_total;
    int round = 0;
    while (at >= world->rounds[round])
        at -= world->rounds[round++];
    return &list[world->regulars + at];
}

static enum oddity pick_oddity(uint64_t hash)
{
    enum { ROWS_PER_ODDITY = 2000 }; // each kind is in one row of so many, the missing name too
    uint32_t at = random_below(hash, ROWS_PER_ODDITY);
    return at < ODD_COUNT ? (enum oddity)at : ODD_NONE;
}

static void fill_worked_example(const struct board_cursor *cursor, uint32_t place, struct row *row)
{
    enum { SECOND_10_OCLOCK = 36000, DAY_1_JANUARY_2026 = 4383, RANK_NONE = 0, RANK_A = 1, RANK_B = 2 };
#define VIEW(literal)                                                                                        \
    {                                                                                                        \
        "" literal, sizeof(literal) - 1                                                                      \
    }
    static const struct {
        struct view name, country, team;
        uint32_t person;
        uint8_t rank;
    } ROWS[WORKED_EXAMPLE_ROWS] = {
        {VIEW("Bob Dylan"), VIEW("\"country\":{\"name\":\"Germany\",\"code\":\"DE\"}"),
            VIEW("\"team\":\"Team X\""), 71, RANK_A},
        {VIEW("Ömer  Can"), VIEW("\"country\":{\"name\":\"Turkey\",\"code\":\"TR\"}"), VIEW("\"team\":\"\""),
            91, RANK_NONE},
        {VIEW("Bob Dylan"), VIEW("\"country\":{\"name\":\"France\",\"code\":\"FR\"}"),
            VIEW("\"team\":\"Team X\""), 72, RANK_B},
    };
#undef VIEW
    *row = (struct row){.name = ROWS[place].name,
        .country = ROWS[place].country,
        .car = text_part(&cursor->world->fragments, cursor->class->cars[0]),
        .team = ROWS[place].team,
        .person = ROWS[place].person,
        .gap_ms = place * 1000,
        .second = SECOND_10_OCLOCK,
        .day = (uint16_t)(DAY_1_JANUARY_2026 + 2 - place),
        .rank = ROWS[place].rank};
}

void world_row(const struct board_cursor *cursor, uint32_t place, struct row *row)
{
    const struct world *world = cursor->world;
    assert(place < cursor->entries);
    if (world->options.worked_example) {
        fill_worked_example(cursor, place, row);
        return;
    }
    uint32_t slot = (uint32_t)(((uint64_t)place * cursor->multiplier + cursor->shift) % cursor->entries);
    const struct driver *driver = driver_in_slot(cursor, slot);
    uint64_t hash = random_derive(cursor->hash ^ (uint64_t)place << 20, SALT_ROW);
    row->day = (uint16_t)random_below(hash, WORLD_DAYS);
    row->second = (uint32_t)(hash & 0x1fffff) % 86400;
    row->name = drivers_name(&world->drivers, driver, row->day);
    row->person = driver->person;
    row->country = text_part(&world->drivers.fragments, world->drivers.countries[driver->country]);
    row->team = text_part(&world->drivers.fragments, world->drivers.teams[driver->team]);
    row->rank = driver->rank;
    uint64_t more = random_mix(hash);
    row->model = (uint8_t)((more & 7) < 6 ? 0 : (more & 7) - 5);
    row->gap_ms =
        place == 0 ? 0 : place * cursor->gap_step_ms + (uint32_t)(more >> 8 & 0xffff) % cursor->gap_step_ms;
    row->oddity = world->options.plain ? ODD_NONE : pick_oddity(random_mix(more));
    uint32_t car = (uint32_t)(more >> 24 & 0xffff) * cursor->class->car_count >> 16;
    const struct span *cars = row->oddity == ODD_CLASS_CAPITALS  ? cursor->class->cars_capitals
                              : row->oddity == ODD_CLASS_MISSING ? cursor->class->cars_only
                                                                 : cursor->class->cars;
    row->car = text_part(&world->fragments, cars[car]);
}
