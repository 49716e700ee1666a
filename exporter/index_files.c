#include "exporter/index_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/memory.h"
#include "exporter/entry_json.h"
#include "exporter/person_id.h"
#include "exporter/roster_file.h"

#define FLAT     "driver_index.json.gz"
#define FOLDER   "index"
#define ENTRIES  FOLDER "/entries"
#define METADATA FOLDER "/metadata"
#define MIRROR   FOLDER "/mirror.json.gz"
#define TEAMS    FOLDER "/teams.json.gz"

#define SHARDS    "_abcdefghijklmnopqrstuvwxyz"
#define PATH_SIZE 64

/* A country that fewer than half of a team's members share. */
#define NO_COUNTRY "Various"

/* ---- what the items read like ---- */

static void append_flat(struct group_reader *reader, struct buffer *out)
{
    group_reader_list(reader, false);
    entry_json_key(group_reader_key(reader), out);
    for (uint32_t i = 0; i < reader->row_count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        entry_json_flat(&reader->bundles[reader->rows[i].member], reader->rows[i].row, out);
    }
    buffer_append_byte(out, ']');
}

static void append_entries(struct group_reader *reader, struct buffer *out)
{
    group_reader_list(reader, true);
    entry_json_key(group_reader_key(reader), out);
    for (uint32_t i = 0; i < reader->row_count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        {
            const struct group_row *at = &reader->rows[i];
            entry_json_sharded(&reader->cards[at->member], &reader->bundles[at->member], at->row, out);
        }
    }
    buffer_append_byte(out, ']');
}

static void append_metadata(struct group_reader *reader, struct buffer *out)
{
    entry_json_key(group_reader_key(reader), out);
    for (uint32_t i = 0; i < reader->count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        entry_json_person(&reader->cards[i], out);
    }
    buffer_append_byte(out, ']');
}

static void append_mirror(struct group_reader *reader, struct buffer *out)
{
    buffer_append_byte(out, '"');
    entry_json_text(group_reader_key(reader), out);
    buffer_append_byte(out, '"');
}

/* ---- teams ---- */

static int compare_names(const void *left, const void *right)
{
    const struct card *a = *(const struct card *const *)left, *b = *(const struct card *const *)right;
    int order = text_compare(card_raw(a, CARD_NAME), card_raw(b, CARD_NAME));
    return order ? order : (a > b) - (a < b); /* cards are in the order of persons */
}

static int compare_countries(const void *left, const void *right)
{
    const struct card *a = *(const struct card *const *)left, *b = *(const struct card *const *)right;
    return text_compare(card_raw(a, CARD_COUNTRY), card_raw(b, CARD_COUNTRY));
}

/* The country of more than half of the members that have one; a constant otherwise. Sorts the members. */
static struct bundle_text country_of(const struct card **members, uint32_t count)
{
    struct bundle_text country = {NO_COUNTRY, sizeof NO_COUNTRY - 1, sizeof NO_COUNTRY - 1, true};
    uint32_t known = 0, run = 0, longest = 0;
    qsort(members, count, sizeof *members, compare_countries);
    for (uint32_t i = 0; i < count; i++) {
        if (!members[i]->texts[CARD_COUNTRY].length)
            continue;
        run = known && compare_countries(&members[i - 1], &members[i]) == 0 ? run + 1 : 1;
        known++;
        if (run > longest) {
            longest = run;
            country = members[i]->texts[CARD_COUNTRY];
        }
    }
    if (longest * 2 <= known)
        country = (struct bundle_text){NO_COUNTRY, sizeof NO_COUNTRY - 1, sizeof NO_COUNTRY - 1, true};
    return country;
}

static void append_driver(const struct card *member, struct buffer *out)
{
    buffer_append_string(out, "{\"name\":\"");
    entry_json_text(&member->texts[CARD_NAME], out);
    buffer_append_string(out, "\",\"path_id\":\"");
    entry_json_text(&member->texts[CARD_PATH_ID], out);
    buffer_append_string(out, "\"}");
}

static void append_team(struct group_reader *reader, struct buffer *out)
{
    const struct card **members = memory_zalloc(reader->count, sizeof *members);
    for (uint32_t i = 0; i < reader->count; i++)
        members[i] = &reader->cards[i];
    struct bundle_text country = country_of(members, reader->count);
    buffer_append_byte(out, '"');
    entry_json_text(group_reader_key(reader), out);
    buffer_append_string(out, "\":{\"country\":\"");
    entry_json_text(&country, out);
    buffer_append_string(out, "\",\"drivers\":[");
    qsort(members, reader->count, sizeof *members, compare_names);
    for (uint32_t i = 0; i < reader->count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        append_driver(members[i], out);
    }
    buffer_append_string(out, "]}");
    free(members);
}

/* ---- the files ---- */

static const struct roster_file flat_file = {ROSTER_FLAT, true, "{", "}", 24, 360, append_flat};
static const struct roster_file entries_file = {ROSTER_KEYS, true, "{", "}", 24, 215, append_entries};
static const struct roster_file metadata_file = {ROSTER_KEYS, false, "{", "}", 24, 170, append_metadata};
static const struct roster_file mirror_file = {ROSTER_MIRROR, false, "[", "]", 20, 0, append_mirror};
static const struct roster_file teams_file = {ROSTER_TEAMS, false, "{", "}", 60, 46, append_team};

static void shard_path(char path[static PATH_SIZE], const char *folder, char shard)
{
    int length = snprintf(path, PATH_SIZE, "%s/%c.json.gz", folder, shard);
    if (length < 0 || length >= PATH_SIZE)
        log_bug("index_files: a path is longer than %d bytes", PATH_SIZE);
}

static bool write_whole(struct publication *publication, const char *path, const struct roster_file *file,
    struct ledger *ledger, unsigned threads)
{
    const uint32_t ranges[4] = {0, ledger->rosters[file->kind].count, 0, 0};
    return roster_file_write(publication, path, file, ledger, ranges, threads);
}

static bool write_shards(struct publication *publication, const char *folder, const struct roster_file *file,
    struct ledger *ledger, unsigned threads)
{
    const struct roster *roster = &ledger->rosters[file->kind];
    char path[PATH_SIZE];
    if (!publication_folder(publication, folder) ||
        !publication_list_and_sweep(publication, folder, NULL, NULL))
        return false;
    for (const char *shard = SHARDS; *shard; shard++) {
        uint32_t ranges[4] = {
            0, roster_count_below(roster, 'a'), roster_count_below(roster, 'z' + 1), roster->count};
        if (*shard != '_') {
            ranges[0] = roster_count_below(roster, (unsigned char)*shard);
            ranges[1] = roster_count_below(roster, (unsigned char)*shard + 1u);
            ranges[2] = ranges[3] = 0;
        }
        shard_path(path, folder, *shard);
        if (!roster_file_write(publication, path, file, ledger, ranges, threads))
            return false;
    }
    return true;
}

static void done_with(struct ledger *ledger, enum roster_kind kind, bool keep)
{
    ledger_drop_pages(ledger);
    if (!keep)
        ledger_drop_roster(ledger, kind);
}

bool index_files_write_flat(
    struct publication *publication, struct ledger *ledger, bool keep, unsigned threads)
{
    bool written = write_whole(publication, FLAT, &flat_file, ledger, threads);
    done_with(ledger, ROSTER_FLAT, keep);
    return written;
}

bool index_files_write_sharded(
    struct publication *publication, struct ledger *ledger, bool keep, unsigned threads)
{
    if (!publication_folder(publication, FOLDER) ||
        !publication_list_and_sweep(publication, FOLDER, NULL, NULL) ||
        !write_shards(publication, ENTRIES, &entries_file, ledger, threads) ||
        !write_shards(publication, METADATA, &metadata_file, ledger, threads))
        return false;
    done_with(ledger, ROSTER_KEYS, keep);
    if (!write_whole(publication, MIRROR, &mirror_file, ledger, threads))
        return false;
    done_with(ledger, ROSTER_MIRROR, keep);
    bool written = write_whole(publication, TEAMS, &teams_file, ledger, threads);
    done_with(ledger, ROSTER_TEAMS, keep);
    return written;
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
    char path[PATH_SIZE];
    if (!publication_has_folder(publication, folder))
        return true;
    for (const char *shard = SHARDS; *shard; shard++) {
        shard_path(path, folder, *shard);
        remove_if_there(publication, path);
    }
    publication_remove_folder(publication, folder);
    return publication_list_and_sweep(publication, folder, NULL, NULL);
}

bool index_files_remove_flat(struct publication *publication)
{
    remove_if_there(publication, FLAT);
    return true;
}

bool index_files_remove_sharded(struct publication *publication)
{
    if (!publication_has_folder(publication, FOLDER))
        return true;
    remove_if_there(publication, MIRROR);
    remove_if_there(publication, TEAMS);
    if (!remove_shards(publication, ENTRIES) || !remove_shards(publication, METADATA))
        return false;
    publication_remove_folder(publication, FOLDER);
    return publication_list_and_sweep(publication, FOLDER, NULL, NULL);
}
