#include "exporter/driver_index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/board.h"
#include "common/log.h"
#include "common/memory.h"
#include "exporter/bins.h"
#include "exporter/flat_entry.h"
#include "exporter/gzip_pipeline.h"

#define PATH "driver_index.json.gz"

/* Entries are some 350 bytes of JSON, so this is about one segment of the compressor. */
#define PART_ROWS 1500u

#define NO_TEAM "Privateer"

/* ---- first walk ---- */

static uint32_t track_name(struct driver_index *index, uint32_t track_id)
{
    char digits[12];
    const struct catalogue_item *track = catalogue_find_track(&index->snapshot->catalogue, track_id);
    if (!track)
        snprintf(digits, sizeof digits, "%" PRIu32, track_id);
    const char *name = track ? track->name : digits;
    return string_pool_add(&index->shared, (struct text){name, (uint32_t)strlen(name)}, NULL);
}

static uint32_t *collect_shared(struct driver_index *index, const struct board_reader *reader)
{
    uint64_t wanted = index->shared_of_count + reader->shared_count;
    if (wanted > index->shared_of_capacity) {
        index->shared_of_capacity = wanted + wanted / 2 + 1024;
        index->shared_of =
            memory_resize(index->shared_of, index->shared_of_capacity, sizeof *index->shared_of);
    }
    uint32_t *numbers = index->shared_of + index->shared_of_count;
    struct text *texts = memory_zalloc(reader->shared_count, sizeof *texts);
    board_reader_shared(reader, texts);
    for (uint32_t i = 0; i < reader->shared_count; i++)
        numbers[i] = string_pool_add(&index->shared, texts[i], NULL);
    free(texts);
    index->shared_of_count = wanted;
    return numbers;
}

static uint32_t team_of(const struct driver_index *index, uint32_t shared)
{
    struct text team = string_pool_text(&index->shared, shared);
    bool none = !team.length ||
                (team.length == sizeof NO_TEAM - 1 && strncasecmp(team.data, NO_TEAM, team.length) == 0);
    return none ? STRING_NONE : shared;
}

static uint32_t collect_row(struct driver_index *index, const struct board_row *row, const uint32_t *shared)
{
    if (!row->name.length)
        return STRING_NONE;
    uint32_t name = drivers_add(&index->drivers, row->name);
    struct text id = row->path_id.length
                         ? row->path_id
                         : string_pool_text(&index->drivers.keys, drivers_key(&index->drivers, name));
    persons_add(&index->persons, id, row->date_time, team_of(index, shared[row->shared[BOARD_TEAM]]));
    return name;
}

static void collect_board(struct driver_index *index, const struct snapshot_board *board, uint64_t *at)
{
    struct board_reader reader;
    struct board_row row;
    if (!board_reader_open(&reader, board->rows.data, board->rows.length))
        log_bug("driver_index: a verified board does not open");
    const uint32_t *shared = collect_shared(index, &reader);
    while (board_reader_next(&reader, &row, NULL))
        index->names[(*at)++] = collect_row(index, &row, shared);
    snapshot_touched(index->snapshot, board->rows.length);
}

static bool has_rows(const struct snapshot_board *board)
{
    return !board->broken && board->entry_count;
}

bool driver_index_collect(struct driver_index *index, struct snapshot *snapshot, struct guard *guard)
{
    *index = (struct driver_index){
        .snapshot = snapshot,
        .guard = guard,
        .drivers = drivers_make(),
        .persons = persons_make(),
        .shared = string_pool_make(),
    };
    for (uint32_t i = 0; i < snapshot->board_count; i++)
        index->row_count += has_rows(&snapshot->boards[i]) ? snapshot->boards[i].entry_count : 0;
    index->names = memory_zalloc(index->row_count, sizeof *index->names);
    index->track_of = memory_zalloc(snapshot->board_count, sizeof *index->track_of);
    uint64_t at = 0;
    for (uint32_t i = 0; i < snapshot->board_count && guard_ok(guard); i++) {
        if (!has_rows(&snapshot->boards[i]))
            continue;
        index->track_of[i] = track_name(index, snapshot->boards[i].track_id);
        collect_board(index, &snapshot->boards[i], &at);
    }
    drivers_sort(&index->drivers);
    return guard_ok(guard);
}

uint32_t driver_index_teams(const struct driver_index *index)
{
    return persons_teams(&index->persons, index->shared.count);
}

void driver_index_free(struct driver_index *index)
{
    drivers_free(&index->drivers);
    persons_free(&index->persons);
    string_pool_free(&index->shared);
    free(index->shared_of);
    free(index->track_of);
    free(index->names);
    free(index->part_of_rank);
    free(index->first_of_part);
}

/* ---- second walk ---- */

static void cut_parts(struct driver_index *index)
{
    uint32_t key_count = index->drivers.keys.count;
    index->part_of_rank = memory_zalloc(key_count, sizeof *index->part_of_rank);
    index->first_of_part = memory_zalloc(index->row_count / PART_ROWS + 3, sizeof *index->first_of_part);
    uint32_t rows = 0;
    for (uint32_t rank = 0; rank < key_count; rank++) {
        if (rank == 0 || rows >= PART_ROWS) {
            index->first_of_part[index->part_count++] = rank;
            rows = 0;
        }
        index->part_of_rank[rank] = index->part_count - 1;
        rows += index->drivers.rows_of_key[index->drivers.key_of_rank[rank]];
    }
    if (!index->part_count)
        index->part_count = 1; /* of an empty index: the braces */
    index->first_of_part[index->part_count] = key_count;
}

/* A row in a bin: numbers in groups of seven bits, lowest first, the top bit saying that more follow
 * (LEB128); strings with their length before them. */
static uint8_t *put_number(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint64_t take_number(const uint8_t **at)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

static struct text take_string(const uint8_t **at)
{
    uint32_t length = (uint32_t)take_number(at);
    struct text text = {(const char *)*at, length};
    *at += length;
    return text;
}

static uint8_t *put_string(uint8_t *at, struct text text)
{
    at = put_number(at, text.length);
    if (text.length)
        memcpy(at, text.data, text.length);
    return at + text.length;
}

/* Order of the parts of a row: what sorting needs first, then its length, so that sorting can skip the rest.
 */
static bool bin_row(struct driver_index *index, struct bins *bins, struct buffer *scratch, uint32_t board,
    const struct board_row *row, uint32_t name, const uint32_t *shared)
{
    uint32_t rank = index->drivers.rank_of_key[drivers_key(&index->drivers, name)];
    uint32_t part = index->part_of_rank[rank];
    uint8_t head[32], *at;
    buffer_clear(scratch);
    uint8_t *body = buffer_reserve(scratch, 128 + row->laptime.length + row->date_time.length);
    at = put_number(body, name);
    at = put_number(at, row->time_diff_us);
    for (int column = 0; column < BOARD_COLUMNS; column++)
        at = put_number(at, shared[row->shared[column]]);
    at = put_string(at, row->laptime);
    at = put_string(at, row->date_time);
    size_t length = (size_t)(at - body);
    at = put_number(head, rank - index->first_of_part[part]);
    at = put_number(at, board);
    at = put_number(at, row->position);
    at = put_number(at, length);
    return bins_put(bins, part, head, (size_t)(at - head)) && bins_put(bins, part, body, length);
}

static bool bin_board(struct driver_index *index, struct bins *bins, struct buffer *scratch, uint32_t board,
    const uint32_t *shared, const uint32_t *names, uint32_t *shared_count)
{
    const struct snapshot_board *source = &index->snapshot->boards[board];
    struct board_reader reader;
    struct board_row row;
    if (!board_reader_open(&reader, source->rows.data, source->rows.length))
        log_bug("driver_index: a verified board does not open");
    *shared_count = reader.shared_count;
    for (uint32_t i = 0; board_reader_next(&reader, &row, NULL); i++) {
        if (names[i] != STRING_NONE && !bin_row(index, bins, scratch, board, &row, names[i], shared))
            return false;
    }
    snapshot_touched(index->snapshot, source->rows.length);
    return true;
}

static bool fill_bins(struct driver_index *index, struct bins *bins)
{
    struct buffer scratch = buffer_make((size_t)BOARD_TEXT_MAX * 2 + 128);
    const uint32_t *shared = index->shared_of, *names = index->names;
    bool going = true;
    for (uint32_t i = 0; going && i < index->snapshot->board_count; i++) {
        uint32_t shared_count;
        if (!has_rows(&index->snapshot->boards[i]))
            continue;
        going = guard_ok(index->guard) && bin_board(index, bins, &scratch, i, shared, names, &shared_count);
        if (!going)
            break;
        shared += shared_count;
        names += index->snapshot->boards[i].entry_count;
    }
    buffer_free(&scratch);
    return going;
}

/* ---- the parts ---- */

struct entry_place {
    uint32_t rank; /* within the part */
    uint32_t board;
    uint32_t position;
    uint32_t length;
    size_t body; /* place in the part's bytes */
};

/* What a thread keeps from part to part. */
struct part_state {
    struct buffer bytes;
    struct entry_place *places;
    size_t count, capacity;
};

struct writing {
    struct driver_index *index;
    struct bins *bins;
};

static void *open_state(void *context)
{
    (void)context;
    struct part_state *state = memory_zalloc(1, sizeof *state);
    state->bytes = buffer_make((size_t)1 << 31);
    return state;
}

static void close_state(void *opened)
{
    struct part_state *state = opened;
    buffer_free(&state->bytes);
    free(state->places);
    free(state);
}

static void list_places(struct part_state *state)
{
    state->count = 0;
    if (state->bytes.length == 0)
        return; /* no bytes, no address */
    const uint8_t *at = state->bytes.data, *end = at + state->bytes.length;
    while (at < end) {
        if (state->count == state->capacity) {
            state->capacity = state->capacity ? state->capacity * 2 : 2 * PART_ROWS;
            state->places = memory_resize(state->places, state->capacity, sizeof *state->places);
        }
        struct entry_place *place = &state->places[state->count++];
        place->rank = (uint32_t)take_number(&at);
        place->board = (uint32_t)take_number(&at);
        place->position = (uint32_t)take_number(&at);
        place->length = (uint32_t)take_number(&at);
        place->body = (size_t)(at - state->bytes.data);
        at += place->length;
    }
}

/* By driver, then track and class (the boards are in that order), then position; equal ones as they came. */
static int compare_places(const void *left, const void *right)
{
    const struct entry_place *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->board != b->board)
        return a->board < b->board ? -1 : 1;
    if (a->position != b->position)
        return a->position < b->position ? -1 : 1;
    return (a->body > b->body) - (a->body < b->body);
}

static void append_entry(const struct driver_index *index, const struct part_state *state,
    const struct entry_place *place, struct buffer *out)
{
    const struct snapshot_board *board = &index->snapshot->boards[place->board];
    const uint8_t *at = state->bytes.data + place->body;
    struct flat_entry entry = {
        .name = string_pool_json(&index->drivers.names, (uint32_t)take_number(&at)),
        .track = string_pool_json(&index->shared, index->track_of[place->board]),
        .position = place->position,
        .track_id = board->track_id,
        .class_id = board->class_id,
        .total_entries = board->entry_count,
    };
    entry.time_diff_us = take_number(&at);
    for (int column = 0; column < BOARD_COLUMNS; column++)
        entry.shared[column] = string_pool_json(&index->shared, (uint32_t)take_number(&at));
    entry.laptime = take_string(&at);
    entry.date_time = take_string(&at);
    flat_entry_append(&entry, out);
}

static void append_key(const struct driver_index *index, uint32_t rank, struct buffer *out)
{
    struct text key = string_pool_json(&index->drivers.keys, index->drivers.key_of_rank[rank]);
    buffer_append(out, rank ? ",\"" : "\"", rank ? 2 : 1);
    buffer_append(out, key.data, key.length);
    buffer_append(out, "\":[", 3);
}

static bool write_part(void *context, void *opened, uint32_t part, struct gzip_sink *sink)
{
    struct writing *writing = context;
    struct driver_index *index = writing->index;
    struct part_state *state = opened;
    buffer_clear(&state->bytes);
    if (!bins_take(writing->bins, part, &state->bytes))
        return false;
    list_places(state);
    if (state->count)
        qsort(state->places, state->count, sizeof *state->places, compare_places);
    if (part == 0)
        buffer_append_byte(&sink->text, '{');
    for (size_t i = 0; i < state->count; i++) {
        bool first = i == 0 || state->places[i].rank != state->places[i - 1].rank;
        if (first && i)
            buffer_append_byte(&sink->text, ']');
        if (first)
            append_key(index, index->first_of_part[part] + state->places[i].rank, &sink->text);
        else
            buffer_append_byte(&sink->text, ',');
        append_entry(index, state, &state->places[i], &sink->text);
        if (!gzip_sink_flush(sink))
            return false;
    }
    if (state->count)
        buffer_append_byte(&sink->text, ']');
    if (part == index->part_count - 1)
        buffer_append_byte(&sink->text, '}');
    return true;
}

bool driver_index_write(struct driver_index *index, struct publication *publication, unsigned threads)
{
    int scratch = publication_scratch(publication);
    if (scratch < 0)
        return false;
    cut_parts(index);
    struct writing writing = {
        .index = index, .bins = bins_open(scratch, publication->root, index->part_count, index->guard)};
    const struct gzip_source source = {
        .context = &writing,
        .part_count = index->part_count,
        .open = open_state,
        .close = close_state,
        .write = write_part,
    };
    bool written = fill_bins(index, writing.bins) &&
                   gzip_pipeline_run(publication, PATH, &source, threads, index->guard);
    bins_close(&writing.bins);
    return written;
}
