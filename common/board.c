#include "common/board.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "common/pack_writer.h"
#include "common/unicode.h"

#define FIRST_SHARED 64u
#define HEADER_PARTS 3u
#define ROW_PARTS    (7u + BOARD_COLUMNS)

/* ---- writing ---- */

void board_writer_open(struct board_writer *writer, struct arena *arena, size_t limit)
{
    *writer = (struct board_writer){.rows = buffer_make(limit), .arena = arena};
}

void board_writer_free(struct board_writer *writer)
{
    buffer_free(&writer->rows);
}

static uint32_t *find_slot(const struct board_writer *writer, struct text string)
{
    uint32_t mask = writer->slot_count - 1;
    uint32_t at = (uint32_t)XXH3_64bits(string.data, string.length) & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t *slot = &writer->slots[at];
        if (!*slot)
            return slot;
        const struct text *known = &writer->shared[*slot - 1];
        if (known->length == string.length && memcmp(known->data, string.data, string.length) == 0)
            return slot;
    }
}

/* Doubles list and table. The old ones stay in the arena until its reset: less than the new ones together. */
static bool grow_shared(struct board_writer *writer)
{
    uint32_t capacity = writer->shared_capacity ? writer->shared_capacity * 2 : FIRST_SHARED;
    uint32_t slot_count = capacity * 2;
    struct text *shared = arena_alloc(writer->arena, capacity * sizeof *shared);
    uint32_t *slots = arena_alloc(writer->arena, slot_count * sizeof *slots);
    if (!shared || !slots)
        return false;
    if (writer->shared_count)
        memcpy(shared, writer->shared, writer->shared_count * sizeof *shared);
    memset(slots, 0, slot_count * sizeof *slots);
    writer->shared = shared;
    writer->shared_capacity = capacity;
    writer->slots = slots;
    writer->slot_count = slot_count;
    for (uint32_t i = 0; i < writer->shared_count; i++)
        *find_slot(writer, shared[i]) = i + 1;
    return true;
}

uint32_t board_writer_share(struct board_writer *writer, struct text string)
{
    if (writer->failed || string.length > BOARD_TEXT_MAX) {
        writer->failed = true;
        return 0;
    }
    if (!string.length)
        string.data = "";
    if (writer->shared_count == writer->shared_capacity && !grow_shared(writer)) {
        writer->failed = true;
        return 0;
    }
    uint32_t *slot = find_slot(writer, string);
    if (*slot)
        return *slot - 1;
    char *copy = arena_copy(writer->arena, string.data, string.length);
    if (!copy || writer->shared_count == BOARD_SHARED_MAX) {
        writer->failed = true;
        return 0;
    }
    writer->shared[writer->shared_count] = (struct text){copy, string.length};
    *slot = ++writer->shared_count;
    return writer->shared_count - 1;
}

void board_writer_add(struct board_writer *writer, const struct board_row *row)
{
    if (writer->row_count == BOARD_ROWS_MAX) {
        writer->failed = true;
        return;
    }
    msgpack_packer packer = pack_writer_make(&writer->rows);
    pack_write_array(&packer, ROW_PARTS);
    pack_write_uint(&packer, row->position);
    pack_write_uint(&packer, row->time_diff_us);
    pack_write_text(&packer, row->name);
    pack_write_text(&packer, row->path_id);
    pack_write_text(&packer, row->avatar);
    pack_write_text(&packer, row->laptime);
    pack_write_text(&packer, row->date_time);
    for (int column = 0; column < BOARD_COLUMNS; column++)
        pack_write_uint(&packer, row->shared[column]);
    writer->row_count++;
}

bool board_writer_finish(struct board_writer *writer, struct buffer *out)
{
    buffer_clear(out);
    msgpack_packer packer = pack_writer_make(out);
    pack_write_array(&packer, HEADER_PARTS);
    pack_write_uint(&packer, BOARD_FORMAT);
    pack_write_uint(&packer, writer->row_count);
    pack_write_array(&packer, writer->shared_count);
    for (uint32_t i = 0; i < writer->shared_count; i++)
        pack_write_text(&packer, writer->shared[i]);
    buffer_append(out, writer->rows.data, writer->rows.length);
    return !writer->failed && !writer->rows.overflowed && !out->overflowed;
}

/* ---- reading ---- */

bool board_reader_open(struct board_reader *reader, const void *bytes, size_t length)
{
    *reader = (struct board_reader){.pack = pack_reader_make(bytes, length)};
    if (pack_read_array(&reader->pack, HEADER_PARTS) != HEADER_PARTS ||
        pack_read_uint(&reader->pack, UINT32_MAX) != BOARD_FORMAT)
        return false;
    reader->row_count = (uint32_t)pack_read_uint(&reader->pack, BOARD_ROWS_MAX);
    reader->shared_count = pack_read_array(&reader->pack, BOARD_SHARED_MAX);
    reader->shared = reader->pack;
    for (uint32_t i = 0; i < reader->shared_count; i++)
        pack_read_text(&reader->pack, BOARD_TEXT_MAX);
    return !reader->pack.failed;
}

void board_reader_shared(const struct board_reader *reader, struct text *out)
{
    struct pack_reader pack = reader->shared;
    for (uint32_t i = 0; i < reader->shared_count; i++)
        out[i] = pack_read_text(&pack, BOARD_TEXT_MAX);
}

static bool read_row(struct pack_reader *pack, uint32_t shared_count, struct board_row *row)
{
    if (pack_read_array(pack, ROW_PARTS) != ROW_PARTS)
        pack->failed = true;
    row->position = (uint32_t)pack_read_uint(pack, BOARD_POSITION_MAX);
    row->time_diff_us = pack_read_uint(pack, BOARD_TIME_DIFF_MAX);
    row->name = pack_read_text(pack, BOARD_TEXT_MAX);
    row->path_id = pack_read_text(pack, BOARD_TEXT_MAX);
    row->avatar = pack_read_text(pack, BOARD_TEXT_MAX);
    row->laptime = pack_read_text(pack, BOARD_TEXT_MAX);
    row->date_time = pack_read_text(pack, BOARD_TEXT_MAX);
    for (int column = 0; column < BOARD_COLUMNS; column++) {
        uint64_t place = pack_read_uint(pack, BOARD_SHARED_MAX);
        if (place >= shared_count)
            pack->failed = true;
        row->shared[column] = (uint32_t)place;
    }
    return !pack->failed;
}

bool board_reader_next(struct board_reader *reader, struct board_row *row)
{
    if (reader->rows_read == reader->row_count || reader->pack.failed)
        return false;
    if (!read_row(&reader->pack, reader->shared_count, row))
        return false;
    reader->rows_read++;
    return true;
}

static bool row_is_utf8(const struct board_row *row)
{
    return unicode_is_valid(row->name) && unicode_is_valid(row->path_id) && unicode_is_valid(row->avatar) &&
           unicode_is_valid(row->laptime) && unicode_is_valid(row->date_time);
}

bool board_validate(const void *bytes, size_t length, uint32_t *row_count, const char **problem)
{
    struct board_reader reader;
    struct board_row row;
    *row_count = 0;
    if (!board_reader_open(&reader, bytes, length)) {
        *problem = "the header of the rows is not one of format 1";
        return false;
    }
    struct pack_reader shared = reader.shared;
    for (uint32_t i = 0; i < reader.shared_count; i++) {
        if (!unicode_is_valid(pack_read_text(&shared, BOARD_TEXT_MAX))) {
            *problem = "a shared string is not UTF-8";
            return false;
        }
    }
    while (board_reader_next(&reader, &row)) {
        if (!row_is_utf8(&row)) {
            *problem = "a string of a row is not UTF-8";
            return false;
        }
    }
    if (!pack_reader_finished(&reader.pack) || reader.rows_read != reader.row_count) {
        *problem = "the rows are broken or fewer or more than announced";
        return false;
    }
    *row_count = reader.row_count;
    return true;
}
