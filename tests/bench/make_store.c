/* Makes a store of any size for benchmarks of the exporter, without a crawl:
 *
 *     make_store DIR [ENTRIES [DRIVERS [COMBINATIONS [FILLED]]]]      (default: 296000 57600 14703 8086)
 *
 * The same numbers give the same store. Sizes of boards fall off like a power law, drivers have from one to
 * hundreds of entries. Details are what the worker would make of rows as long as the service's. */
#include <inttypes.h>
#include <lmdb.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/arena.h"
#include "common/board.h"
#include "common/catalogue.h"
#include "common/gzip.h"
#include "common/json_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/record.h"

#define MAP_BYTES           ((size_t)1 << 30) /* and this much more for each entry: */
#define MAP_BYTES_PER_ENTRY ((size_t)4096)
#define TRACKS              186u
#define WALL_MS             1767434400000 /* 2026-01-03T10:00:00Z */
#define POWER               0.95          /* of the board sizes */
#define SKEW                0.06          /* of the drivers: the most active have some 450 entries */
#define JSON_MAX            ((size_t)1 << 30)
#define PER_COMMIT          500u

struct plan {
    uint32_t entries, drivers, combinations, filled;
};

struct maker {
    struct plan plan;
    uint64_t random;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi boards, rows, details, meta;
    struct catalogue catalogue;
    struct gzip_compressor *compressor;
    struct arena arena;
    struct buffer json, packed, detail, record;
};

static void check(int code)
{
    if (code != MDB_SUCCESS)
        log_fatal("make_store: %s", mdb_strerror(code));
}

/* splitmix64 (Sebastiano Vigna, public domain) */
static uint64_t mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static uint32_t below(struct maker *maker, uint32_t limit)
{
    maker->random = mix(maker->random);
    return (uint32_t)((maker->random >> 32) * limit >> 32);
}

static double unit(struct maker *maker)
{
    return (double)below(maker, 1u << 31) / (double)(1u << 31);
}

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

/* ---- what rows are made of ---- */

struct line {
    char name[64], path[96], avatar[128], laptime[48], relative[32], date[32], car[48], class_name[32],
        team[32];
    const char *country, *rank, *difficulty;
};

static void driver_name(uint32_t driver, char *out, size_t size)
{
    static const char *const starts[] = {
        "Jo", "An", "Ma", "Ste", "Ro", "Lu", "Kar", "Ól", "Ped", "Th", "Vi", "Gé", "Hå", "Иг", "Zo", "Da"};
    static const char *const middles[] = {
        "han", "dre", "ri", "fan", "ber", "ca", "lo", "mi", "vi", "ne", "xa", "ri", "no", "sla", "ke", "do"};
    static const char *const ends[] = {
        "nes", "as", "us", "o", "to", "s", "n", "ck", "d", "l", "", "a", "i", "v", "y", "m"};
    uint64_t hash = mix(driver);
    int length = snprintf(out, size, "%s%s%s %s%s%s%s", starts[hash & 15], middles[hash >> 4 & 15],
        ends[hash >> 8 & 15], starts[hash >> 12 & 15], middles[hash >> 16 & 15], middles[hash >> 20 & 15],
        ends[hash >> 24 & 15]);
    if (driver % 3 == 0 && length > 0)
        snprintf(out + length, size - (size_t)length, " %" PRIu32, driver % 1000);
}

static void make_line(struct maker *maker, struct line *line, uint32_t place, uint32_t class_id)
{
    static const char *const countries[] = {"Germany", "France", "United Kingdom", "Spain", "Italy", "Sweden",
        "Brazil", "United States", "Poland", "Türkiye", "Netherlands", "Czech Republic", "Portugal", "Japan",
        "Hungary", "Australia"};
    static const char *const ranks[] = {"", "A", "B", "C", "D"};
    static const char *const difficulties[] = {"Get Real", "Get Real", "Get Real", "Amateur", "Novice"};
    double skewed = pow(SKEW + unit(maker) * (1 - SKEW), 3) - pow(SKEW, 3);
    uint32_t driver = (uint32_t)(skewed / (1 - pow(SKEW, 3)) * maker->plan.drivers);
    uint32_t gap_ms = place * 37 + below(maker, 30);
    driver_name(driver, line->name, sizeof line->name);
    snprintf(line->path, sizeof line->path, "https://game.raceroom.com/users/info/%" PRIu32 "/",
        5000000 + driver * 7);
    snprintf(line->avatar, sizeof line->avatar,
        "https://game.raceroom.com/game/user_avatar/%" PRIu32 "?source=leaderboard", 5000000 + driver * 7);
    uint32_t total_ms = 83414 + gap_ms;
    line->relative[0] = 0;
    if (place > 1)
        snprintf(line->relative, sizeof line->relative, "+%u.%03us", gap_ms / 1000, gap_ms % 1000);
    int length = snprintf(line->laptime, sizeof line->laptime, "%um %02u.%03us", total_ms / 60000,
        total_ms / 1000 % 60, total_ms % 1000);
    if (place > 1)
        snprintf(line->laptime + length, sizeof line->laptime - (size_t)length, ", +%02u.%03us",
            gap_ms / 1000, gap_ms % 1000);
    snprintf(line->date, sizeof line->date, "202%u-%02u-%02uT%02u:%02u:%02u", below(maker, 6),
        1 + below(maker, 12), 1 + below(maker, 28), below(maker, 24), below(maker, 60), below(maker, 60));
    snprintf(line->class_name, sizeof line->class_name, "Class %" PRIu32, class_id);
    snprintf(line->car, sizeof line->car, "Car %" PRIu32 " of class %" PRIu32, below(maker, 12), class_id);
    line->team[0] = 0;
    if (mix(driver) % 3 == 0)
        snprintf(line->team, sizeof line->team, "Racing Team %" PRIu32, (uint32_t)(mix(driver + 1) % 5000));
    line->country = countries[mix(driver + 2) & 15];
    line->rank = ranks[mix(driver + 3) % 5];
    line->difficulty = difficulties[below(maker, 5)];
}

static void write_entry(struct json_writer *json, const struct line *line, uint32_t place)
{
    const struct {
        const char *key, *value;
    } strings[] = {{"laptime", line->laptime}, {"relative_laptime", line->relative}, {"team", line->team},
        {"rank", line->rank}, {"driving_model", line->difficulty}, {"date_time", line->date}};
    json_object_begin(json);
    json_key(json, "index");
    json_uint(json, place - 1);
    json_key(json, "global_index");
    json_uint(json, place);
    json_key(json, "driver");
    json_object_begin(json);
    json_key(json, "name");
    json_string(json, line->name);
    json_key(json, "path");
    json_string(json, line->path);
    json_key(json, "avatar");
    json_string(json, line->avatar);
    json_object_end(json);
    json_key(json, "country");
    json_object_begin(json);
    json_key(json, "name");
    json_string(json, line->country);
    json_object_end(json);
    json_key(json, "car_class");
    json_object_begin(json);
    json_key(json, "car");
    json_object_begin(json);
    json_key(json, "name");
    json_string(json, line->car);
    json_key(json, "class-name");
    json_string(json, line->class_name);
    json_key(json, "icon");
    json_string(json, "https://game.raceroom.com/store/image_redirect?id=5818&size=small");
    json_object_end(json);
    json_object_end(json);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        json_key(json, strings[i].key);
        json_string(json, strings[i].value);
    }
    json_object_end(json);
}

static void add_row(struct board_writer *writer, const struct line *line, uint32_t place)
{
    char path_id[16];
    const char *digits = strstr(line->path, "info/") + 5;
    snprintf(path_id, sizeof path_id, "%.*s", (int)strcspn(digits, "/"), digits);
    double gap_s = line->relative[0] ? strtod(line->relative, NULL) : 0;
    struct board_row row = {
        .position = place,
        .time_diff_us = (uint64_t)llround(gap_s * 1e6),
        .name = text_of(line->name),
        .path_id = text_of(path_id),
        .avatar = text_of(line->avatar),
        .laptime = text_of(line->laptime),
        .date_time = text_of(line->date),
        .shared = {board_writer_share(writer, text_of(line->country)),
            board_writer_share(writer, text_of(line->car)),
            board_writer_share(writer, text_of(line->class_name)),
            board_writer_share(writer, text_of(line->team)), board_writer_share(writer, text_of(line->rank)),
            board_writer_share(writer, text_of(line->difficulty))},
    };
    board_writer_add(writer, &row);
}

/* ---- boards ---- */

static void detail_tail(struct json_writer *json, const char *track, const char *track_id, uint32_t entries)
{
    json_array_end(json);
    json_object_end(json);
    json_key(json, "cached_at");
    json_string(json, "2026-01-03T10:00:00Z");
    json_key(json, "track_name");
    json_string(json, track);
    json_key(json, "track_id");
    json_string(json, track_id);
    json_key(json, "entry_count");
    json_uint(json, entries);
    json_object_end(json);
}

static void detail_head(
    struct json_writer *json, const char *track, const char *track_id, const char *class_id)
{
    json_object_begin(json);
    json_key(json, "track_info");
    json_object_begin(json);
    json_key(json, "Name");
    json_string(json, track);
    json_key(json, "TrackID");
    json_string(json, track_id);
    json_key(json, "ClassID");
    json_string(json, class_id);
    json_key(json, "Data");
    json_array_begin(json);
}

static void put(
    struct maker *maker, MDB_dbi database, const void *key, size_t key_size, const void *bytes, size_t size)
{
    MDB_val name = record_value(key, key_size), value = record_value(bytes, size);
    check(mdb_put(maker->txn, database, &name, &value, 0));
}

static void store_board(struct maker *maker, uint32_t track_id, uint32_t class_id, uint32_t entries)
{
    struct record_key key = record_key_make(track_id, class_id);
    struct record_board record = {.fetched_at_ms = WALL_MS,
        .changed_at_ms = WALL_MS,
        .generation = 1,
        .lease = 1,
        .checks = 1,
        .entry_count = entries,
        .rows_length = entries ? (uint32_t)maker->packed.length : 0,
        .detail_length = (uint32_t)maker->detail.length};
    if (entries)
        record.rows_checksum = record_checksum(maker->packed.data, maker->packed.length);
    record.detail_checksum = record_checksum(maker->detail.data, maker->detail.length);
    buffer_clear(&maker->record);
    record_board_encode(&key, &record, &maker->record);
    put(maker, maker->boards, key.bytes, sizeof key.bytes, maker->record.data, maker->record.length);
    put(maker, maker->details, key.bytes, sizeof key.bytes, maker->detail.data, maker->detail.length);
    if (entries)
        put(maker, maker->rows, key.bytes, sizeof key.bytes, maker->packed.data, maker->packed.length);
}

static void make_board(struct maker *maker, uint32_t track_id, uint32_t class_id, uint32_t entries)
{
    char track[64], track_text[16], class_text[16];
    struct line line;
    struct board_writer writer;
    struct json_writer json = json_writer_make(&maker->json);
    snprintf(track, sizeof track, "Racetrack number %" PRIu32 " - Grand Prix", track_id);
    snprintf(track_text, sizeof track_text, "%" PRIu32, track_id);
    snprintf(class_text, sizeof class_text, "%" PRIu32, class_id);
    buffer_clear(&maker->json);
    buffer_clear(&maker->detail);
    board_writer_open(&writer, &maker->arena, JSON_MAX);
    detail_head(&json, track, track_text, class_text);
    for (uint32_t place = 1; place <= entries; place++) {
        make_line(maker, &line, place, class_id);
        write_entry(&json, &line, place);
        add_row(&writer, &line, place);
    }
    detail_tail(&json, track, track_text, entries);
    if (!board_writer_finish(&writer, &maker->packed) ||
        !gzip_append_member(maker->compressor, maker->json.data, maker->json.length, &maker->detail))
        log_fatal("make_store: a board of %" PRIu32 " entries is too large", entries);
    store_board(maker, track_id, class_id, entries);
    board_writer_free(&writer);
    arena_reset(&maker->arena, SIZE_MAX);
}

/* The size of each combination: a power law over `filled` of them, in an order shuffled by hash, the rest
 * empty. */
static uint32_t *board_sizes(struct maker *maker)
{
    const struct plan *plan = &maker->plan;
    uint32_t *sizes = memory_zalloc(plan->combinations, sizeof *sizes);
    double sum = 0;
    for (uint32_t i = 0; i < plan->filled; i++)
        sum += pow(i + 3, -POWER);
    uint32_t left = plan->entries;
    for (uint32_t i = 0; i < plan->filled; i++) {
        double share = pow(i + 3, -POWER) / sum * plan->entries;
        uint32_t keep = plan->filled - i - 1; /* one at least for each that follows */
        uint32_t size = share < 1 ? 1 : (uint32_t)llround(share);
        sizes[i] = size + keep > left ? left - keep : size;
        left -= sizes[i];
    }
    sizes[0] += left;
    for (uint32_t i = plan->combinations - 1; i > 0; i--) {
        uint32_t other = below(maker, i + 1), size = sizes[i];
        sizes[i] = sizes[other];
        sizes[other] = size;
    }
    return sizes;
}

static void open_databases(struct maker *maker)
{
    check(mdb_txn_begin(maker->env, NULL, 0, &maker->txn));
    check(mdb_dbi_open(maker->txn, RECORD_DB_BOARDS, MDB_CREATE, &maker->boards));
    check(mdb_dbi_open(maker->txn, RECORD_DB_ROWS, MDB_CREATE, &maker->rows));
    check(mdb_dbi_open(maker->txn, RECORD_DB_DETAILS, MDB_CREATE, &maker->details));
    check(mdb_dbi_open(maker->txn, RECORD_DB_META, MDB_CREATE, &maker->meta));
}

static void make_boards(struct maker *maker)
{
    uint32_t *sizes = board_sizes(maker);
    uint32_t classes = (maker->plan.combinations + TRACKS - 1) / TRACKS;
    for (uint32_t i = 0; i < maker->plan.combinations; i++) {
        make_board(maker, 1000 + i / classes * 13, 1700 + i % classes * 31, sizes[i]);
        if (i % PER_COMMIT == PER_COMMIT - 1) {
            check(mdb_txn_commit(maker->txn));
            check(mdb_txn_begin(maker->env, NULL, 0, &maker->txn));
        }
    }
    free(sizes);
}

static void put_meta(struct maker *maker, const char *name, const void *bytes, size_t length)
{
    struct buffer sealed = buffer_make(length + 64);
    record_meta_encode(name, bytes, length, &sealed);
    put(maker, maker->meta, name, strlen(name), sealed.data, sealed.length);
    buffer_free(&sealed);
}

static void make_catalogue(struct maker *maker)
{
    uint32_t classes = (maker->plan.combinations + TRACKS - 1) / TRACKS;
    char name[64], schema[16];
    snprintf(schema, sizeof schema, "%d", RECORD_SCHEMA);
    for (uint32_t i = 0; i < TRACKS; i++) {
        snprintf(name, sizeof name, "Racetrack number %" PRIu32 " - Grand Prix", 1000 + i * 13);
        catalogue_add_item(&maker->catalogue, &maker->catalogue.tracks, 1000 + i * 13, name, strlen(name));
    }
    for (uint32_t i = 0; i < classes; i++) {
        snprintf(name, sizeof name, "Class %" PRIu32, 1700 + i * 31);
        catalogue_add_item(&maker->catalogue, &maker->catalogue.classes, 1700 + i * 31, name, strlen(name));
    }
    buffer_clear(&maker->record);
    catalogue_encode(&maker->catalogue, &maker->record);
    put_meta(maker, RECORD_META_CATALOGUE, maker->record.data, maker->record.length);
    put_meta(maker, RECORD_META_SCHEMA, schema, strlen(schema));
    put_meta(maker, RECORD_META_GENERATION, "1", 1);
}

static uint32_t argument(int argc, char **argv, int place, uint32_t otherwise)
{
    if (argc <= place)
        return otherwise;
    char *end;
    unsigned long value = strtoul(argv[place], &end, 10);
    if (*end || value == 0 || value > 100000000)
        log_fatal("make_store: '%s' is not a number from 1 to 100000000", argv[place]);
    return (uint32_t)value;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 6 || argv[1][0] == '-')
        log_fatal("usage: make_store DIR [ENTRIES [DRIVERS [COMBINATIONS [FILLED]]]]");
    struct maker maker = {
        .plan = {argument(argc, argv, 2, 296000), argument(argc, argv, 3, 57600),
            argument(argc, argv, 4, 14703), argument(argc, argv, 5, 8086)},
        .catalogue = catalogue_make(),
        .compressor = gzip_compressor_open(),
        .arena = arena_make(SIZE_MAX),
        .json = buffer_make(JSON_MAX),
        .packed = buffer_make(JSON_MAX),
        .detail = buffer_make(JSON_MAX),
        .record = buffer_make(CATALOGUE_ENCODED_MAX),
    };
    if (maker.plan.filled > maker.plan.combinations || maker.plan.entries < maker.plan.filled)
        log_fatal("make_store: wanted FILLED <= COMBINATIONS and ENTRIES >= FILLED");
    mkdir(argv[1], 0755);
    check(mdb_env_create(&maker.env));
    check(mdb_env_set_maxdbs(maker.env, RECORD_DB_COUNT));
    check(mdb_env_set_mapsize(maker.env, MAP_BYTES + maker.plan.entries * MAP_BYTES_PER_ENTRY));
    check(mdb_env_open(maker.env, argv[1], MDB_NOSYNC, 0644));
    open_databases(&maker);
    make_boards(&maker);
    make_catalogue(&maker);
    check(mdb_txn_commit(maker.txn));
    check(mdb_env_sync(maker.env, 1));
    mdb_env_close(maker.env);
    gzip_compressor_close(&maker.compressor);
    catalogue_free(&maker.catalogue);
    arena_free(&maker.arena);
    buffer_free(&maker.json);
    buffer_free(&maker.packed);
    buffer_free(&maker.detail);
    buffer_free(&maker.record);
    return 0;
}
