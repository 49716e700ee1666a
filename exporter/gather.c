#include "exporter/gather.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "exporter/number.h"

/* A row is some 150 bytes in a bin, so a bin has about 300 KB. */
#define ROWS_A_BIN 2048u

/* Of the names that the bins are divided by: so many for each bin, from the first rows of boards. */
#define SAMPLES_A_BIN   32u
#define SAMPLES_A_BOARD 16u

#define TAKEN_MAX ((size_t)1 << 31)

void gather_open(struct gathering *gathering, struct snapshot *snapshot, uint64_t rows, int scratch_fd,
    const char *folder, struct guard *guard)
{
    uint64_t wanted = rows / ROWS_A_BIN + 1;
    uint32_t bin_count = wanted < BIN_ORDER_BINS_MAX ? (uint32_t)wanted : BIN_ORDER_BINS_MAX;
    *gathering = (struct gathering){
        .snapshot = snapshot,
        .guard = guard,
        .persons = person_table_make(),
        .shared = string_pool_make(),
        .keys = person_keys_make(),
        .order = bin_order_make(bin_count),
        .scratch = buffer_make((size_t)BOARD_TEXT_MAX * 8),
    };
    gathering->bins = bins_open(scratch_fd, folder, bin_count, guard);
}

void gather_close(struct gathering *gathering)
{
    person_table_free(&gathering->persons);
    string_pool_free(&gathering->shared);
    person_keys_free(&gathering->keys);
    bins_close(&gathering->bins);
    bin_order_free(&gathering->order);
    buffer_free(&gathering->scratch);
    free(gathering->numbers);
    free(gathering->texts);
    *gathering = (struct gathering){0};
}

/* ---- dividing ---- */

static uint32_t sample_board(const struct snapshot_board *board, uint64_t *keys, uint32_t capacity)
{
    struct board_reader reader;
    struct board_row row;
    uint32_t count = 0;
    if (!board_reader_open(&reader, board->rows.data, board->rows.length))
        log_bug("gather: a verified board does not open");
    while (count < SAMPLES_A_BOARD && count < capacity && board_reader_next(&reader, &row))
        keys[count++] = bin_order_key(row.name);
    return count;
}

void gather_divide(struct gathering *gathering, const bool *wanted)
{
    const struct snapshot *snapshot = gathering->snapshot;
    uint32_t bins = gathering->order.bin_count, boards = 0, count = 0;
    if (bins == 1)
        return;
    for (uint32_t i = 0; i < snapshot->board_count; i++)
        boards += wanted[i] && snapshot->boards[i].entry_count;
    uint32_t capacity = bins * SAMPLES_A_BIN, step = boards / capacity + 1, turn = 0;
    uint64_t *keys = memory_zalloc(capacity, sizeof *keys);
    for (uint32_t i = 0; i < snapshot->board_count && count < capacity; i++) {
        const struct snapshot_board *board = &snapshot->boards[i];
        if (!wanted[i] || !board->entry_count || board->broken || turn++ % step != 0)
            continue;
        count += sample_board(board, keys + count, capacity - count);
        snapshot_touched_value(gathering->snapshot, board->rows);
    }
    bin_order_divide(&gathering->order, keys, count);
    free(keys);
}

/* ---- putting ---- */

uint32_t gather_person(struct gathering *gathering, const struct person_id *id, struct text name)
{
    bool is_new;
    uint32_t number = person_table_add(&gathering->persons, id, &is_new);
    if (is_new)
        bin_order_add(&gathering->order, name);
    return number;
}

static void number_shared(struct gathering *gathering, const struct board_reader *reader)
{
    if (reader->shared_count > gathering->numbers_capacity) {
        uint32_t capacity = gathering->numbers_capacity = reader->shared_count * 2;
        gathering->numbers = memory_resize(gathering->numbers, capacity, sizeof *gathering->numbers);
        gathering->texts = memory_resize(gathering->texts, capacity, sizeof *gathering->texts);
    }
    if (reader->shared_count)
        board_reader_shared(reader, gathering->texts);
    for (uint32_t i = 0; i < reader->shared_count; i++)
        gathering->numbers[i] = string_pool_add(&gathering->shared, gathering->texts[i], NULL);
}

static uint32_t person_of(struct gathering *gathering, const struct board_row *row)
{
    struct person_id id = person_id_make(row->path_id, (struct text){"", 0});
    if (id.is_name)
        id = person_id_make((struct text){"", 0}, person_keys_flat(&gathering->keys, row->name));
    return gather_person(gathering, &id, row->name);
}

static bool put_row(struct gathering *gathering, const struct board_row *row, uint32_t board, uint32_t place)
{
    uint32_t person = person_of(gathering, row), bin = gathering->order.bins[person];
    uint8_t head[5 * NUMBER_BYTES_MAX];
    buffer_clear(&gathering->scratch);
    size_t texts =
        (size_t)row->name.length + row->avatar.length + row->laptime.length + row->date_time.length;
    uint8_t *body = buffer_reserve(&gathering->scratch, texts + (5 + BOARD_COLUMNS) * NUMBER_BYTES_MAX);
    uint8_t *at = number_put(body, row->time_diff_us);
    for (int column = 0; column < BOARD_COLUMNS; column++)
        at = number_put(at, gathering->numbers[row->shared[column]]);
    at = number_put_text(at, row->name);
    at = number_put_text(at, row->avatar);
    at = number_put_text(at, row->laptime);
    at = number_put_text(at, row->date_time);
    size_t length = (size_t)(at - body);
    at = number_put(head, person);
    at = number_put(at, board);
    at = number_put(at, place);
    at = number_put(at, row->position);
    at = number_put(at, length);
    return bins_put(gathering->bins, bin, head, (size_t)(at - head)) &&
           bins_put(gathering->bins, bin, body, length);
}

bool gather_put(struct gathering *gathering, uint32_t board)
{
    const struct snapshot_board *source = &gathering->snapshot->boards[board];
    struct board_reader reader;
    struct board_row row;
    if (!board_reader_open(&reader, source->rows.data, source->rows.length))
        log_bug("gather: a verified board does not open");
    number_shared(gathering, &reader);
    for (uint32_t place = 0; board_reader_next(&reader, &row); place++) {
        if (row.name.length && !put_row(gathering, &row, board, place))
            return false;
    }
    snapshot_touched_value(gathering->snapshot, source->rows);
    return guard_ok(gathering->guard);
}

void gather_put_all(struct gathering *gathering)
{
    bin_order_list(&gathering->order);
}

/* ---- taking ---- */

struct gathered gathered_make(void)
{
    return (struct gathered){.bytes = buffer_make(TAKEN_MAX)};
}

void gathered_free(struct gathered *gathered)
{
    buffer_free(&gathered->bytes);
    free(gathered->rows);
    free(gathered->unsorted);
    free(gathered->starts);
}

static struct gathered_row *append(struct gathered *gathered)
{
    if (gathered->count == gathered->capacity) {
        gathered->capacity = gathered->capacity ? gathered->capacity * 2 : ROWS_A_BIN;
        gathered->rows = memory_resize(gathered->rows, gathered->capacity, sizeof *gathered->rows);
        gathered->unsorted =
            memory_resize(gathered->unsorted, gathered->capacity, sizeof *gathered->unsorted);
    }
    return &gathered->unsorted[gathered->count++];
}

static void list_rows(const struct gathering *gathering, struct gathered *gathered)
{
    gathered->count = 0;
    struct number_reader reader = {gathered->bytes.data, gathered->bytes.data, false};
    if (gathered->bytes.length)
        reader.end += gathered->bytes.length;
    while (reader.at < reader.end) {
        struct gathered_row *row = append(gathered);
        row->person = number_take(&reader, gathering->persons.count - 1);
        row->board = number_take(&reader, gathering->snapshot->board_count - 1);
        row->place = number_take(&reader, UINT32_MAX);
        row->position = number_take(&reader, UINT32_MAX);
        struct text body = number_take_text(&reader);
        row->body = (const uint8_t *)body.data;
        row->end = row->body + body.length;
    }
    if (reader.failed)
        log_bug("gather: a bin does not hold what was put into it");
}

/* Counting sort by place among the bin's persons. */
static void sort_rows(const struct bin_order *order, uint32_t bin, struct gathered *gathered)
{
    uint32_t first = order->starts[bin], persons = order->starts[bin + 1] - first;
    if (persons + 1 > gathered->starts_capacity) {
        gathered->starts_capacity = persons + 1;
        gathered->starts = memory_resize(gathered->starts, persons + 1, sizeof *gathered->starts);
    }
    memset(gathered->starts, 0, ((size_t)persons + 1) * sizeof *gathered->starts);
    for (uint32_t i = 0; i < gathered->count; i++)
        gathered->starts[order->ranks[gathered->unsorted[i].person] - first + 1]++;
    for (uint32_t i = 1; i <= persons; i++)
        gathered->starts[i] += gathered->starts[i - 1];
    for (uint32_t i = 0; i < gathered->count; i++)
        gathered->rows[gathered->starts[order->ranks[gathered->unsorted[i].person] - first]++] =
            gathered->unsorted[i];
}

bool gather_take(const struct gathering *gathering, uint32_t bin, struct gathered *gathered)
{
    buffer_clear(&gathered->bytes);
    if (!bins_take(gathering->bins, bin, &gathered->bytes))
        return false;
    list_rows(gathering, gathered);
    sort_rows(&gathering->order, bin, gathered);
    return true;
}

static struct text track_name(const struct gathering *gathering, uint32_t board)
{
    const struct snapshot_board *source = &gathering->snapshot->boards[board];
    return (struct text){source->track_name, (uint32_t)strlen(source->track_name)};
}

void gather_add_to(
    const struct gathering *gathering, const struct gathered_row *source, struct bundle *bundle)
{
    const struct snapshot_board *board = &gathering->snapshot->boards[source->board];
    struct number_reader reader = {source->body, source->end, false};
    struct bundle_row *row = bundle_add_row(bundle);
    row->board = source->board;
    row->track_id = board->track_id;
    row->class_id = board->class_id;
    row->total_entries = board->entry_count;
    row->position = source->position;
    row->place = source->place;
    row->time_diff_us = number_take_long(&reader);
    for (int column = 0; column < BOARD_COLUMNS; column++) {
        uint32_t number = number_take(&reader, gathering->shared.count - 1);
        row->texts[column] = bundle_add_text(bundle, string_pool_text(&gathering->shared, number));
    }
    row->texts[BUNDLE_TRACK] = bundle_add_text(bundle, track_name(gathering, source->board));
    row->texts[BUNDLE_NAME] = bundle_add_text(bundle, number_take_text(&reader));
    row->texts[BUNDLE_AVATAR] = bundle_add_text(bundle, number_take_text(&reader));
    row->laptime = bundle_text_of(number_take_text(&reader));
    row->date_time = bundle_text_of(number_take_text(&reader));
    if (reader.failed)
        log_bug("gather: a row is not what was put");
}
