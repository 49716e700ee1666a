#ifndef R3E_TESTS_UNIT_STATISTICS_FIXTURE_H
#define R3E_TESTS_UNIT_STATISTICS_FIXTURE_H
/* A small world that statistics are made of: persons and rows in arrays, boards and a catalogue to fit. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <string.h>

#include "common/catalogue.h"
#include "exporter/snapshot.h"
#include "exporter/statistics.h"

#define FIXTURE_PERSONS_MAX 600u
#define FIXTURE_ROWS_MAX    6000u
#define FIXTURE_BOARDS_MAX  64u
#define FIXTURE_TEXT_SIZE   24

struct fixture_person {
    char key[FIXTURE_TEXT_SIZE], name[FIXTURE_TEXT_SIZE], team[FIXTURE_TEXT_SIZE];
};

struct fixture_row {
    uint32_t person;
    struct statistics_row row;
};

struct fixture {
    struct fixture_person persons[FIXTURE_PERSONS_MAX];
    struct fixture_row rows[FIXTURE_ROWS_MAX];
    uint32_t row_count;
    struct snapshot_board boards[FIXTURE_BOARDS_MAX];
    struct snapshot snapshot;
    struct statistics_source source;
    uint64_t random;
};

static inline uint32_t fixture_below(struct fixture *fixture, uint32_t limit)
{
    return (uint32_t)(unit_random(&fixture->random) >> 20) % limit;
}

static inline uint32_t fixture_rows(
    void *context, uint32_t person, struct statistics_row *out, uint32_t capacity)
{
    const struct fixture *fixture = context;
    uint32_t count = 0;
    for (uint32_t i = 0; i < fixture->row_count; i++) {
        if (fixture->rows[i].person != person)
            continue;
        if (count < capacity)
            out[count] = fixture->rows[i].row;
        count++;
    }
    return count;
}

static inline struct text fixture_text(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static inline void fixture_about(void *context, uint32_t person, struct statistics_person *out)
{
    const struct fixture_person *about = &((const struct fixture *)context)->persons[person];
    out->key = out->key_json = fixture_text(about->key);
    out->name = out->name_json = fixture_text(about->name);
    out->team_json = fixture_text(about->team);
    out->avatar_json = fixture_text("/a.png");
    out->country_json = fixture_text("");
    out->rank_json = fixture_text("A");
}

static inline uint32_t fixture_bytes(void *context, uint32_t person)
{
    struct statistics_person about = {0};
    fixture_about(context, person, &about);
    return about.key_json.length + about.name_json.length + about.team_json.length +
           about.avatar_json.length + about.rank_json.length;
}

static inline void fixture_expect(void *context, uint32_t soon, uint32_t later)
{
    const struct fixture *fixture = context;
    assert_true(soon < fixture->source.person_count && later < fixture->source.person_count);
}

static inline uint64_t fixture_digest(void *context, uint32_t person)
{
    const uint8_t *bytes = (const uint8_t *)&((const struct fixture *)context)->persons[person];
    uint64_t digest = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < sizeof(struct fixture_person); i++)
        digest = (digest ^ bytes[i]) * 1099511628211u;
    return digest;
}

static inline struct fixture *fixture_make(uint64_t seed)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->random = seed * 88172645463325252u + 1;
    fixture->snapshot.catalogue = catalogue_make();
    fixture->snapshot.boards = fixture->boards;
    fixture->source = (struct statistics_source){
        fixture, 0, fixture_rows, fixture_about, fixture_digest, fixture_bytes, fixture_expect};
    return fixture;
}

static inline void fixture_free(struct fixture *fixture)
{
    catalogue_free(&fixture->snapshot.catalogue);
    free(fixture);
}

static inline uint32_t fixture_add_person(struct fixture *fixture, const char *name, const char *key)
{
    assert_true(fixture->source.person_count < FIXTURE_PERSONS_MAX);
    struct fixture_person *person = &fixture->persons[fixture->source.person_count];
    assert_true(snprintf(person->name, sizeof person->name, "%s", name) < FIXTURE_TEXT_SIZE);
    assert_true(snprintf(person->key, sizeof person->key, "%s", key) < FIXTURE_TEXT_SIZE);
    return fixture->source.person_count++;
}

static inline void fixture_add_class(struct fixture *fixture, uint32_t id, const char *name)
{
    struct catalogue *catalogue = &fixture->snapshot.catalogue;
    assert_null(catalogue_add_item(catalogue, &catalogue->classes, id, name, strlen(name)));
}

/* `class_ids` ends with 0. */
static inline void fixture_add_superclass(
    struct fixture *fixture, const char *name, const uint32_t *class_ids)
{
    struct catalogue *catalogue = &fixture->snapshot.catalogue;
    uint32_t place;
    assert_null(catalogue_add_superclass(catalogue, name, strlen(name), &place));
    for (; *class_ids; class_ids++)
        assert_null(catalogue_add_member(catalogue, place, *class_ids));
}

static inline struct snapshot_board *fixture_add_board(
    struct fixture *fixture, uint32_t class_id, uint32_t entries, int64_t changed_at_ms)
{
    uint32_t place = fixture->snapshot.board_count++;
    assert_true(place < FIXTURE_BOARDS_MAX);
    fixture->boards[place] = (struct snapshot_board){
        .track_id = place + 1, .class_id = class_id, .entry_count = entries, .changed_at_ms = changed_at_ms};
    return &fixture->boards[place];
}

static inline void fixture_add_row(
    struct fixture *fixture, uint32_t person, uint32_t class_id, uint32_t position, uint32_t entries)
{
    assert_true(fixture->row_count < FIXTURE_ROWS_MAX);
    fixture->rows[fixture->row_count++] = (struct fixture_row){person, {class_id, position, entries}};
}

/* A board on which these persons are, one behind the other. */
static inline void fixture_add_ranking(
    struct fixture *fixture, uint32_t class_id, const uint32_t *persons, uint32_t count)
{
    fixture_add_board(fixture, class_id, count, 1767434400000 + (int64_t)fixture->snapshot.board_count);
    for (uint32_t i = 0; i < count; i++)
        fixture_add_row(fixture, persons[i], class_id, i + 1, count);
}

/* FORMATS' worked example: A to D on 1671/1703 and 1850/1703, only A on 1671/12770; GT3 is both classes. */
static inline void fixture_fill_example(struct fixture *fixture)
{
    static const char *const names[] = {"A", "B", "C", "D"}, *const keys[] = {"a", "b", "c", "d"};
    for (uint32_t i = 0; i < 4; i++)
        fixture_add_person(fixture, names[i], keys[i]);
    fixture_add_class(fixture, 1703, "GTR 3");
    fixture_add_class(fixture, 12770, "GT3 2025");
    fixture_add_class(fixture, 8682, "e-Sedan");
    fixture_add_superclass(fixture, "GT3", (const uint32_t[]){1703, 12770, 0});
    fixture_add_superclass(fixture, "e-Sedan", (const uint32_t[]){8682, 10266, 0});
    fixture_add_ranking(fixture, 1703, (const uint32_t[]){0, 1, 2, 3}, 4);
    fixture_add_ranking(fixture, 1703, (const uint32_t[]){1, 0, 3, 2}, 4);
    fixture_add_ranking(fixture, 12770, (const uint32_t[]){0}, 1);
    fixture_add_board(fixture, 8682, 0, 1767434400000);
}

#endif
