#include "tests/upstream/drivers.h"

#include "tests/upstream/random.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TEAM_COUNT = 600,
    COUNTRIES_MAX = 128,
    FIRST_PERSON = 1000,
    PERSON_STEP = 37, // ids of real accounts have gaps
};

// Purposes of a driver's derived hashes.
enum {
    SALT_NAME = 1,
    SALT_PERSON,
    SALT_TEAM,
    SALT_RANK,
    SALT_RENAMED,
    SALT_RESPELL,
    SALT_SHARED,
    SALT_ESCAPE
};

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory) {
        fputs("r3e-upstream: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static void make_teams(struct drivers *drivers, uint64_t seed, bool plain)
{
    static const char *const FIRST[] = {"Team", "Scuderia", "Équipe", "Écurie", "Racing", "Black", "KW",
        "Heusinkveld", "Nørd", "Żubr", "Команда", "\"The\"", "Virtual", "Apex", "Slip\\Stream", "Privateer"};
    static const char *const LAST[] = {"Racing", "Motorsport", "e.V.", "Sim Racing", "GmbH & Co. KG", "Corse",
        "Esports/GP", "Rennsport", "Junior Team", "O'Lions", "😀 Racers", "X"};
    enum { FIRST_COUNT = sizeof FIRST / sizeof FIRST[0], LAST_COUNT = sizeof LAST / sizeof LAST[0] };
    drivers->teams = allocate(TEAM_COUNT, sizeof *drivers->teams);
    for (uint32_t i = 0; i < TEAM_COUNT; i++) {
        uint64_t hash = random_mix(seed ^ (0x7ea0000000U + i));
        struct text name = {0};
        if (i == 1)
            text_append_string(&name, "Privateer");
        else if (i > 1 && plain)
            text_append_format(&name, "Team %u", i);
        else if (i > 1)
            text_append_format(&name, "%s %s %u", FIRST[random_below(hash, FIRST_COUNT)],
                LAST[random_below(random_derive(hash, 1), LAST_COUNT)], i);
        size_t start = drivers->fragments.length;
        text_append_string(&drivers->fragments, "\"team\":\"");
        text_append_json(&drivers->fragments, name.data, name.length, plain ? ESCAPE_PLAIN : ESCAPE_SLASH);
        text_append_string(&drivers->fragments, "\"");
        drivers->teams[i] = text_span(&drivers->fragments, start);
        text_free(&name);
    }
}

// The fragment's index for `country`, which is made when it is seen for the first time.
static uint8_t intern_country(struct drivers *drivers, const struct country *known[], uint8_t *known_count,
    const struct country *country)
{
    for (uint8_t i = 0; i < *known_count; i++)
        if (known[i] == country)
            return i;
    assert(*known_count < COUNTRIES_MAX);
    size_t start = drivers->fragments.length;
    text_append_format(
        &drivers->fragments, "\"country\":{\"name\":\"%s\",\"code\":\"%s\"}", country->name, country->code);
    drivers->countries[*known_count] = text_span(&drivers->fragments, start);
    known[*known_count] = country;
    return (*known_count)++;
}

static uint32_t store_name(struct drivers *drivers, const struct text *name, unsigned style, uint16_t *length)
{
    size_t start = drivers->names.length;
    text_append_json(&drivers->names, name->data, name->length, style);
    size_t escaped = drivers->names.length - start;
    assert(escaped <= UINT16_MAX && start <= UINT32_MAX);
    *length = (uint16_t)escaped;
    return (uint32_t)start;
}

// Most people belong to no team or to a few large ones.
static uint16_t pick_team(uint64_t hash)
{
    if (random_one_in(hash, 2))
        return 0;
    double fraction = random_fraction(random_derive(hash, 1));
    return (uint16_t)(1 + (uint32_t)(fraction * fraction * (TEAM_COUNT - 1)));
}

static const struct country *make_driver(struct drivers *drivers, struct driver *driver, uint32_t number,
    uint64_t seed, uint16_t days, bool plain, struct text *name)
{
    uint64_t hash = random_mix(seed ^ random_mix(number));
    uint64_t name_hash = random_derive(hash, SALT_NAME);
    if (number > 0 && random_one_in(random_derive(hash, SALT_SHARED), 60)) {
        uint32_t namesake = random_below(random_derive(hash, SALT_SHARED + 100), number);
        name_hash = random_derive(random_mix(seed ^ random_mix(namesake)), SALT_NAME);
    }
    const struct country *country = names_make(name_hash, plain, name);
    unsigned style =
        random_one_in(random_derive(hash, SALT_ESCAPE), 5) && !plain ? ESCAPE_UNICODE : ESCAPE_PLAIN;
    driver->person =
        FIRST_PERSON + number * PERSON_STEP + random_below(random_derive(hash, SALT_PERSON), PERSON_STEP);
    driver->name = store_name(drivers, name, style, &driver->name_length);
    driver->old_name = driver->name;
    driver->old_name_length = driver->name_length;
    driver->team = pick_team(random_derive(hash, SALT_TEAM));
    driver->rank = (uint8_t)random_below(random_derive(hash, SALT_RANK), DRIVERS_RANKS);
    if (!plain && random_one_in(random_derive(hash, SALT_RENAMED), 40)) {
        driver->renamed_day = (uint16_t)random_below(random_derive(hash, SALT_RENAMED + 100), days);
        names_respell(random_derive(hash, SALT_RESPELL), plain, name);
        driver->old_name = store_name(drivers, name, style, &driver->old_name_length);
    }
    return country;
}

void drivers_make(struct drivers *drivers, uint32_t count, uint64_t seed, uint16_t days, bool plain)
{
    *drivers = (struct drivers){.list = allocate(count, sizeof *drivers->list), .count = count};
    drivers->countries = allocate(COUNTRIES_MAX, sizeof *drivers->countries);
    make_teams(drivers, seed, plain);
    const struct country *known[COUNTRIES_MAX];
    uint8_t known_count = 0;
    struct text name = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct country *country = make_driver(drivers, &drivers->list[i], i, seed, days, plain, &name);
        drivers->list[i].country = intern_country(drivers, known, &known_count, country);
    }
    text_free(&name);
}

void drivers_free(struct drivers *drivers)
{
    free(drivers->list);
    free(drivers->countries);
    free(drivers->teams);
    text_free(&drivers->names);
    text_free(&drivers->fragments);
    *drivers = (struct drivers){0};
}
