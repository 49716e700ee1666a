#include "coordinator/ctl/match_print.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_writer.h"
#include "common/memory.h"
#include "coordinator/ctl/columns.h"

#define TABLES_MAX   3 /* drivers whose results are shown; the others are only listed */
#define LINE_MAX     ((size_t)64 * 1024)
#define DRIVER_WIDTH 28
#define CELL_SIZE    256

enum column { TRACK, CLASS, PLACE, LAP_TIME, GAP, DATE, COLUMN_COUNT };

static const struct {
    const char *title;
    unsigned most;  /* cells */
    unsigned least; /* on a narrow terminal */
    bool right;
} columns[COLUMN_COUNT] = {
    [TRACK] = {"Track", 40, 20, false},
    [CLASS] = {"Class", 24, 10, false},
    [PLACE] = {"Place", 15, 15, true},
    [LAP_TIME] = {"Lap time", 12, 12, true},
    [GAP] = {"Gap", 14, 14, true},
    [DATE] = {"Date", 10, 10, false},
};

#define GAP_CELLS 2 /* between columns, and before the first */

/* ---- values of an entry ---- */

static const char *string(const cJSON *entry, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, name));
    return value ? value : "";
}

/* The first non-empty value among the entries kept, best first: some entries lack it. Owned by the caller. */
static char *first_string(const struct match *match, const char *name)
{
    char *found = NULL;
    for (uint32_t i = 0; i < match->kept && !found; i++) {
        cJSON *entry = cJSON_Parse(match->entries[i].json);
        const char *value = string(entry, name);
        if (*value)
            found = strdup(value);
        cJSON_Delete(entry);
    }
    return found;
}

static void checked(char cell[static CELL_SIZE], int length)
{
    if (length < 0 || length >= CELL_SIZE)
        memcpy(cell, "?", 2);
}

/* The first `length` bytes of `text`, or what fits; a character cut in half shows as U+FFFD. */
static void put_cell(char cell[static CELL_SIZE], const char *text, size_t length)
{
    size_t bytes = strnlen(text, length < CELL_SIZE - 1 ? length : CELL_SIZE - 1);
    memcpy(cell, text, bytes);
    cell[bytes] = '\0';
}

static void place_cell(const struct match_entry *entry, char cell[static CELL_SIZE])
{
    char total[COLUMNS_NUMBER_SIZE];
    char place[COLUMNS_NUMBER_SIZE];
    checked(cell, snprintf(cell, CELL_SIZE, "%s/%s", columns_number(entry->position, place),
                      columns_number(entry->total_entries, total)));
}

static void gap_cell(const cJSON *entry, char cell[static CELL_SIZE])
{
    const cJSON *gap = cJSON_GetObjectItemCaseSensitive(entry, "time_diff");
    cell[0] = '\0';
    if (cJSON_IsNumber(gap) && gap->valuedouble > 0)
        checked(cell, snprintf(cell, CELL_SIZE, "+%.3f s", gap->valuedouble));
}

/* ---- tables ---- */

/* One line of the table. */
struct row {
    char cells[COLUMN_COUNT][CELL_SIZE];
};

static void fill_row(const struct match_entry *entry, struct row *row)
{
    cJSON *object = cJSON_Parse(entry->json);
    const char *laptime = string(object, "laptime");
    place_cell(entry, row->cells[PLACE]);
    gap_cell(object, row->cells[GAP]);
    put_cell(row->cells[TRACK], string(object, "track"), CELL_SIZE);
    put_cell(row->cells[CLASS], string(object, "car_class"), CELL_SIZE);
    /* "1m 46.000s, +01.000s": the gap has its own column. */
    put_cell(row->cells[LAP_TIME], laptime, strcspn(laptime, ","));
    put_cell(row->cells[DATE], string(object, "date_time"), strlen("2026-01-03"));
    cJSON_Delete(object);
}

/* As wide as the content, within limits; then class and track shrink until the line fits the terminal. */
static void choose_widths(const struct row *rows, uint32_t count, unsigned widths[static COLUMN_COUNT])
{
    unsigned total = 0;
    unsigned terminal = columns_of_terminal();
    for (int i = 0; i < COLUMN_COUNT; i++) {
        widths[i] = columns_width(columns[i].title);
        for (uint32_t j = 0; j < count; j++) {
            unsigned width = columns_width(rows[j].cells[i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
        widths[i] = widths[i] < columns[i].most ? widths[i] : columns[i].most;
        total += widths[i] + GAP_CELLS;
    }
    for (int i = CLASS; i >= TRACK; i--)
        for (; terminal && total > terminal && widths[i] > columns[i].least; total--)
            widths[i]--;
}

static void put_row(const struct row *row, const unsigned widths[static COLUMN_COUNT])
{
    struct buffer line = buffer_make(LINE_MAX);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        buffer_append_string(&line, "  ");
        columns_append(&line, row->cells[i], widths[i], columns[i].right);
    }
    while (line.length && line.data[line.length - 1] == ' ')
        line.length--;
    puts(buffer_string(&line));
    buffer_free(&line);
}

/* "Name, Country: 12 entries" */
static void put_driver(const struct match *match, bool in_list)
{
    char count[COLUMNS_NUMBER_SIZE];
    char *name = first_string(match, "name");
    char *country = first_string(match, "country");
    const char *shown = name ? name : match->key;
    unsigned width = columns_width(shown);
    struct buffer line = buffer_make(LINE_MAX);
    if (in_list) {
        buffer_append_string(&line, "  ");
        columns_append(&line, shown, DRIVER_WIDTH, false);
        buffer_append_string(&line, "  ");
        columns_append(&line, country ? country : "", 20, false);
        buffer_append_string(&line, "  ");
        columns_append(&line, columns_number(match->entry_count, count), 6, true);
    } else {
        columns_append(&line, shown, width, false);
        buffer_append_string(&line, country ? ", " : "");
        columns_append(&line, country ? country : "", country ? columns_width(country) : 0, false);
        buffer_format(&line, ": %s", columns_number(match->entry_count, count));
    }
    buffer_append_string(&line, match->entry_count == 1 ? " entry" : " entries");
    puts(buffer_string(&line));
    buffer_free(&line);
    free(name);
    free(country);
}

static void put_table(const struct match *match)
{
    unsigned widths[COLUMN_COUNT];
    struct row titles = {0};
    struct row *rows = memory_zalloc(match->kept, sizeof *rows);
    for (int i = 0; i < COLUMN_COUNT; i++)
        put_cell(titles.cells[i], columns[i].title, CELL_SIZE);
    for (uint32_t i = 0; i < match->kept; i++)
        fill_row(&match->entries[i], &rows[i]);
    choose_widths(rows, match->kept, widths);
    put_driver(match, false);
    put_row(&titles, widths);
    for (uint32_t i = 0; i < match->kept; i++)
        put_row(&rows[i], widths);
    if (match->kept < match->entry_count)
        printf("  … and %u more (--limit N shows N)\n", match->entry_count - match->kept);
    free(rows);
}

void match_print_tables(const struct matches *matches, const char *searched)
{
    char count[COLUMNS_NUMBER_SIZE];
    if (matches->found > 1) {
        printf("%s drivers match \"%s\"%s\n", columns_number(matches->found, count), searched,
            matches->found > matches->kept ? "; the best:" : ":");
        for (uint32_t i = 0; i < matches->kept; i++)
            put_driver(&matches->drivers[i], true);
        putchar('\n');
    }
    for (uint32_t i = 0; i < matches->kept && i < TABLES_MAX; i++) {
        if (i > 0)
            putchar('\n');
        put_table(&matches->drivers[i]);
    }
}

/* ---- JSON ---- */

static void flush_json(struct buffer *out)
{
    fwrite(out->data, 1, out->length, stdout);
    buffer_clear(out);
}

static void put_driver_json(struct json_writer *json, const struct match *match)
{
    char *name = first_string(match, "name");
    char *country = first_string(match, "country");
    json_object_begin(json);
    json_key(json, "key");
    json_string(json, match->key);
    json_key(json, "name");
    json_string(json, name ? name : "");
    json_key(json, "country");
    json_string(json, country ? country : "");
    json_key(json, "entries");
    json_uint(json, match->entry_count);
    json_key(json, "results");
    json_array_begin(json);
    for (uint32_t i = 0; i < match->kept; i++) {
        const char *entry = match->entries[i].json;
        json_raw(json, (struct text){entry, (uint32_t)strlen(entry)});
        flush_json(json->out);
    }
    json_array_end(json);
    json_object_end(json);
    free(name);
    free(country);
}

void match_print_json(const struct matches *matches, const char *searched)
{
    struct buffer out = buffer_make(LINE_MAX * 16);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "searched");
    json_string(&json, searched);
    json_key(&json, "found");
    json_uint(&json, matches->found);
    json_key(&json, "drivers");
    json_array_begin(&json);
    for (uint32_t i = 0; i < matches->kept; i++)
        put_driver_json(&json, &matches->drivers[i]);
    json_array_end(&json);
    json_object_end(&json);
    buffer_append_byte(&out, '\n');
    flush_json(&out);
    buffer_free(&out);
}
