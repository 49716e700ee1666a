#include "exporter/index_files.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/memory.h"
#include "exporter/entry_json.h"
#include "exporter/options.h"
#include "exporter/person_id.h"
#include "exporter/roster_file.h"

#define FLAT     "driver_index.json.gz"
#define FOLDER   "index"
#define ENTRIES  FOLDER "/entries"
#define METADATA FOLDER "/metadata"
#define PEOPLE   FOLDER "/people"
#define MIRROR   FOLDER "/mirror.json.gz"
#define TEAMS    FOLDER "/teams.json.gz"

#define SHARDS "_abcdefghijklmnopqrstuvwxyz"

/* Shards of people: of each letter one for second letters from each of these to before the next, the last
 * one with all that is no letter too. So chosen that they are about as large for European names. */
#define SECONDS "abior"

#define PEOPLE_FILES ((sizeof SHARDS - 2) * (sizeof SECONDS - 1) + 1)

/* A country that fewer than half of a team's members share. */
#define NO_COUNTRY "Various"

/* ---- what the items read like ---- */

static void append_flat(struct group_reader *reader, uint32_t from, uint32_t to, struct buffer *out)
{
    if (!from)
        entry_json_key(group_reader_key(reader), out);
    for (uint32_t i = from; i < to; i++) {
        if (i > from)
            buffer_append_byte(out, ',');
        entry_json_flat(&reader->bundles[reader->rows[i].member], reader->rows[i].row, out);
    }
    if (to == reader->row_count)
        buffer_append_byte(out, ']');
}

static void append_entries(struct group_reader *reader, uint32_t from, uint32_t to, struct buffer *out)
{
    if (!from)
        entry_json_key(group_reader_key(reader), out);
    for (uint32_t i = from; i < to; i++) {
        const struct group_row *at = &reader->rows[i];
        if (i > from)
            buffer_append_byte(out, ',');
        entry_json_sharded(&reader->cards[at->member], &reader->bundles[at->member], at->row, out);
    }
    if (to == reader->row_count)
        buffer_append_byte(out, ']');
}

/* All persons of a key; such a group is never cut. */
static void append_persons(struct group_reader *reader, bool found, struct buffer *out)
{
    entry_json_key(group_reader_key(reader), out);
    for (uint32_t i = 0; i < reader->count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        if (found)
            entry_json_found(&reader->cards[i], group_reader_results(reader, i), out);
        else
            entry_json_person(&reader->cards[i], out);
    }
    buffer_append_byte(out, ']');
}

static void append_metadata(struct group_reader *reader, uint32_t from, uint32_t to, struct buffer *out)
{
    (void)from;
    (void)to;
    append_persons(reader, false, out);
}

static void append_people(struct group_reader *reader, uint32_t from, uint32_t to, struct buffer *out)
{
    (void)from;
    (void)to;
    append_persons(reader, true, out);
}

static void append_mirror(struct group_reader *reader, uint32_t from, uint32_t to, struct buffer *out)
{
    (void)from;
    (void)to;
    buffer_append_byte(out, '"');
    entry_json_text(group_reader_key(reader), out);
    buffer_append_byte(out, '"');
}

/* ---- teams ---- */

/* Members are sorted by their places, which are in the order of persons. */
static int compare_members(const struct card *cards, uint32_t left, uint32_t right, enum card_field field)
{
    int order = text_compare(card_raw(&cards[left], field), card_raw(&cards[right], field));
    return order ? order : (left > right) - (left < right);
}

static int compare_names(const void *left, const void *right, void *cards)
{
    return compare_members(cards, *(const uint32_t *)left, *(const uint32_t *)right, CARD_NAME);
}

static int compare_countries(const void *left, const void *right, void *cards)
{
    return compare_members(cards, *(const uint32_t *)left, *(const uint32_t *)right, CARD_COUNTRY);
}

/* The country of more than half of the members that have one; a constant otherwise. Sorts the members. */
static struct bundle_text country_of(struct card *cards, uint32_t *members, uint32_t count)
{
    static const struct bundle_text various = {
        NO_COUNTRY, sizeof NO_COUNTRY - 1, sizeof NO_COUNTRY - 1, true};
    struct bundle_text country = various;
    uint32_t known = 0, run = 0, longest = 0;
    struct text last = {"", 0};
    qsort_r(members, count, sizeof *members, compare_countries, cards);
    for (uint32_t i = 0; i < count; i++) {
        struct text next = card_raw(&cards[members[i]], CARD_COUNTRY);
        if (!next.length)
            continue;
        run = text_compare(last, next) == 0 ? run + 1 : 1;
        last = next;
        known++;
        if (run > longest) {
            longest = run;
            country = cards[members[i]].texts[CARD_COUNTRY];
        }
    }
    return longest * 2 > known ? country : various;
}

static void append_driver(const struct card *member, struct buffer *out)
{
    buffer_append_string(out, "{\"name\":\"");
    entry_json_text(&member->texts[CARD_NAME], out);
    buffer_append_string(out, "\",\"path_id\":\"");
    entry_json_text(&member->texts[CARD_PATH_ID], out);
    buffer_append_string(out, "\"}");
}

static void append_team(struct group_reader *reader, uint32_t from, uint32_t to, struct buffer *out)
{
    (void)from;
    (void)to;
    uint32_t *members = memory_zalloc(reader->count, sizeof *members);
    for (uint32_t i = 0; i < reader->count; i++)
        members[i] = i;
    struct bundle_text country = country_of(reader->cards, members, reader->count);
    buffer_append_byte(out, '"');
    entry_json_text(group_reader_key(reader), out);
    buffer_append_string(out, "\":{\"country\":\"");
    entry_json_text(&country, out);
    buffer_append_string(out, "\",\"drivers\":[");
    qsort_r(members, reader->count, sizeof *members, compare_names, reader->cards);
    for (uint32_t i = 0; i < reader->count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        append_driver(&reader->cards[members[i]], out);
    }
    buffer_append_string(out, "]}");
    free(members);
}

/* ---- the files ---- */

static const struct roster_file flat_file = {ROSTER_FLAT, true, false, "{", "}", 24, 360, append_flat};
static const struct roster_file entries_file = {ROSTER_KEYS, true, false, "{", "}", 24, 215, append_entries};
static const struct roster_file metadata_file = {
    ROSTER_KEYS, false, false, "{", "}", 24, 170, append_metadata};
static const struct roster_file people_file = {ROSTER_KEYS, false, true, "{", "}", 24, 110, append_people};
static const struct roster_file mirror_file = {ROSTER_MIRROR, false, false, "[", "]", 20, 0, append_mirror};
static const struct roster_file teams_file = {ROSTER_TEAMS, false, false, "{", "}", 60, 46, append_team};

static void shard_path(char path[static ROSTER_FILE_PATH], const char *folder, char shard)
{
    int length = snprintf(path, ROSTER_FILE_PATH, "%s/%c.json.gz", folder, shard);
    if (length < 0 || length >= (int)ROSTER_FILE_PATH)
        log_bug("index_files: a path is longer than %u bytes", ROSTER_FILE_PATH);
}

static struct roster_file_plan whole(
    const char *path, const struct roster_file *file, const struct ledger *ledger)
{
    struct roster_file_plan plan = {.file = file, .ranges = {0, ledger->rosters[file->kind].count, 0, 0}};
    int length = snprintf(plan.path, sizeof plan.path, "%s", path);
    if (length < 0 || length >= (int)sizeof plan.path)
        log_bug("index_files: a path is longer than %u bytes", ROSTER_FILE_PATH);
    return plan;
}

/* The keys that begin with a letter, or (`_`) with anything else. */
static struct roster_file_plan shard(
    const char *folder, char shard, const struct roster_file *file, const struct ledger *ledger)
{
    const struct roster *roster = &ledger->rosters[file->kind];
    struct roster_file_plan plan = {.file = file};
    shard_path(plan.path, folder, shard);
    if (shard == '_') {
        plan.ranges[1] = roster_count_below(roster, 'a');
        plan.ranges[2] = roster_count_below(roster, 'z' + 1);
        plan.ranges[3] = roster->count;
    } else {
        plan.ranges[0] = roster_count_below(roster, (unsigned char)shard);
        plan.ranges[1] = roster_count_below(roster, (unsigned char)shard + 1u);
    }
    return plan;
}

/* `second`: a letter of SECONDS; '\0': all of the letter `first`. */
static void people_path(char path[static ROSTER_FILE_PATH], char first, char second)
{
    const char name[] = {first, second, '\0'};
    int length = snprintf(path, ROSTER_FILE_PATH, PEOPLE "/%s.json.gz", name);
    if (length < 0 || length >= (int)ROSTER_FILE_PATH)
        log_bug("index_files: a path is longer than %u bytes", ROSTER_FILE_PATH);
}

/* The keys that begin with `first` and a letter from `second[0]` to before `second[1]`. */
static struct roster_file_plan people_shard(char first, const char *second, const struct ledger *ledger)
{
    const struct roster *roster = &ledger->rosters[people_file.kind];
    struct roster_file_plan plan = {.file = &people_file};
    unsigned letter = (unsigned char)first, from = (unsigned char)second[0], to = (unsigned char)second[1];
    people_path(plan.path, first, second[0]);
    plan.ranges[0] = roster_count_below_two(roster, letter, from);
    plan.ranges[1] = to ? roster_count_below_two(roster, letter, to) : roster_count_below(roster, letter + 1);
    if (!to) { /* what is no letter stands before all letters too */
        plan.ranges[2] = plan.ranges[0];
        plan.ranges[3] = plan.ranges[1];
        plan.ranges[0] = roster_count_below(roster, letter);
        plan.ranges[1] = roster_count_below_two(roster, letter, 'a');
    }
    return plan;
}

static uint32_t plan_people(struct roster_file_plan *plans, const struct ledger *ledger)
{
    uint32_t count = 0;
    plans[count] = shard(PEOPLE, '_', &people_file, ledger);
    people_path(plans[count++].path, '_', '\0');
    for (const char *first = &SHARDS[1]; *first; first++) {
        for (const char *second = SECONDS; *second; second++)
            plans[count++] = people_shard(*first, second, ledger);
    }
    return count;
}

/* What reads all cards comes late, or they would be in memory beside what the statistics are computed in;
 * small files come last, so that all threads end together. */
static uint32_t plan_sharded(struct roster_file_plan *plans, const struct ledger *ledger)
{
    uint32_t count = 0;
    for (const char *at = SHARDS; *at; at++) {
        plans[count++] = shard(ENTRIES, *at, &entries_file, ledger);
        plans[count++] = shard(METADATA, *at, &metadata_file, ledger);
    }
    plans[count++] = whole(MIRROR, &mirror_file, ledger);
    plans[count++] = whole(TEAMS, &teams_file, ledger);
    return count + plan_people(plans + count, ledger);
}

static bool make_folder(struct publication *publication, const char *path)
{
    return publication_folder(publication, path) && publication_list_and_sweep(publication, path, NULL, NULL);
}

static bool make_folders(struct publication *publication)
{
    return make_folder(publication, FOLDER) && make_folder(publication, ENTRIES) &&
           make_folder(publication, METADATA) && make_folder(publication, PEOPLE);
}

/* ---- without them ---- */

static void remove_if_there(struct publication *publication, const char *path)
{
    struct stat status;
    if (fstatat(publication->root_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0)
        publication_remove(publication, path);
}

static bool remove_shards(struct publication *publication, const char *folder)
{
    char path[ROSTER_FILE_PATH];
    if (!publication_has_folder(publication, folder))
        return true;
    for (const char *shard = SHARDS; *shard; shard++) {
        shard_path(path, folder, *shard);
        remove_if_there(publication, path);
    }
    publication_remove_folder(publication, folder);
    return publication_list_and_sweep(publication, folder, NULL, NULL);
}

static bool remove_people(struct publication *publication)
{
    char path[ROSTER_FILE_PATH];
    if (!publication_has_folder(publication, PEOPLE))
        return true;
    people_path(path, '_', '\0');
    remove_if_there(publication, path);
    for (const char *first = &SHARDS[1]; *first; first++) {
        for (const char *second = SECONDS; *second; second++) {
            people_path(path, *first, *second);
            remove_if_there(publication, path);
        }
    }
    publication_remove_folder(publication, PEOPLE);
    return publication_list_and_sweep(publication, PEOPLE, NULL, NULL);
}

static bool remove_sharded(struct publication *publication)
{
    if (!publication_has_folder(publication, FOLDER))
        return true;
    remove_if_there(publication, MIRROR);
    remove_if_there(publication, TEAMS);
    if (!remove_shards(publication, ENTRIES) || !remove_shards(publication, METADATA) ||
        !remove_people(publication))
        return false;
    publication_remove_folder(publication, FOLDER);
    return publication_list_and_sweep(publication, FOLDER, NULL, NULL);
}

/* ---- all ---- */

bool index_files_write(
    struct publication *publication, struct ledger *ledger, unsigned layouts, bool keep, unsigned threads)
{
    struct roster_file_plan plans[1 + 2 + 2 * (sizeof SHARDS - 1) + PEOPLE_FILES];
    uint32_t count = 0;
    if (layouts & LAYOUT_FLAT)
        plans[count++] = whole(FLAT, &flat_file, ledger);
    else
        remove_if_there(publication, FLAT);
    if (layouts & LAYOUT_SHARDED) {
        if (!make_folders(publication))
            return false;
        count += plan_sharded(plans + count, ledger);
    } else if (!remove_sharded(publication)) {
        return false;
    }
    bool written = roster_files_write(publication, plans, count, ledger, keep, threads);
    ledger_drop_pages(ledger);
    malloc_trim(0); /* what the threads had */
    return written;
}
