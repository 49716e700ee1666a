#include "coordinator/ctl/match_print.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_writer.h"
#include "coordinator/ctl/columns.h"

#define TABLES_MAX   3 /* drivers whose results are shown; the others are only listed */
#define LINE_MAX     ((size_t)64 * 1024)
#define DRIVER_WIDTH 28
#define CELL_SIZE    96

enum column { TRACK, CLASS, PLACE, LAP_TIME, GAP, DATE, COLUMN_COUNT };

static const struct {
    const char *title;
    unsigned width;   /* wished for */
    unsigned minimum; /* on a narrow terminal */
    bool right;
} columns[COLUMN_COUNT] = {
    [TRACK] = {"Track", 40, 16, false},
    [CLASS] = {"Class", 24, 8, false},
    [PLACE] = {"Place", 11, 11, true},
    [LAP_TIME] = {"Lap time", 11, 11, true},
    [GAP] = {"Gap", 11, 11, true},
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

/* Shrinks track and class until the line fits the terminal. */
static void choose_widths(const struct match *match, unsigned widths[static COLUMN_COUNT])
{
    unsigned longest[2] = {0, 0};
    for (uint32_t i = 0; i < match->kept; i++) {
        cJSON *entry = cJSON_Parse(match->entries[i].json);
        unsigned track = columns_width(string(entry, "track"));
        unsigned class = columns_width(string(entry, "car_class"));
        longest[TRACK] = track > longest[TRACK] ? track : longest[TRACK];
        longest[CLASS] = class > longest[CLASS] ? class : longest[CLASS];
        cJSON_Delete(entry);
    }
    unsigned total = 0;
    unsigned terminal = columns_of_terminal();
    for (int i = 0; i < COLUMN_COUNT; i++) {
        widths[i] = columns[i].width;
        if (i <= CLASS && longest[i] < widths[i])
            widths[i] = longest[i] > columns[i].minimum ? longest[i] : columns[i].minimum;
        total += widths[i] + GAP_CELLS;
    }
    for (int i = CLASS; i >= TRACK; i--)
        for (; terminal && total > terminal && widths[i] > columns[i].minimum; total--)
            widths[i]--;
}

static void put_line(const char *const cells[static COLUMN_COUNT], const unsigned widths[static COLUMN_COUNT])
{
    struct buffer line = buffer_make(LINE_MAX);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        buffer_append_string(&line, "  ");
        columns_append(&line, cells[i], widths[i], columns[i].right);
    }
    while (line.length && line.data[line.length - 1] == ' ')
        line.length--;
    puts(buffer_string(&line));
    buffer_free(&line);
}

static void put_entry(const struct match_entry *entry, const unsigned widths[static COLUMN_COUNT])
{
    char place[CELL_SIZE];
    char gap[CELL_SIZE];
    cJSON *object = cJSON_Parse(entry->json);
    place_cell(entry, place);
    gap_cell(object, gap);
    /* "1m 46.000s, +01.000s": the gap has its own column. */
    char lap[CELL_SIZE];
    const char *laptime = string(object, "laptime");
    checked(lap, snprintf(lap, sizeof lap, "%.*s", (int)strcspn(laptime, ","), laptime));
    char date[CELL_SIZE]; /* the day is enough */
    checked(date, snprintf(date, sizeof date, "%.10s", string(object, "date_time")));
    const char *const cells[COLUMN_COUNT] = {[TRACK] = string(object, "track"),
        [CLASS] = string(object, "car_class"),
        [PLACE] = place,
        [LAP_TIME] = lap,
        [GAP] = gap,
        [DATE] = date};
    put_line(cells, widths);
    cJSON_Delete(object);
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
    const char *titles[COLUMN_COUNT];
    for (int i = 0; i < COLUMN_COUNT; i++)
        titles[i] = columns[i].title;
    choose_widths(match, widths);
    put_driver(match, false);
    put_line(titles, widths);
    for (uint32_t i = 0; i < match->kept; i++)
        put_entry(&match->entries[i], widths);
    if (match->kept < match->entry_count)
        printf("  … and %u more (--limit N shows N)\n", match->entry_count - match->kept);
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
