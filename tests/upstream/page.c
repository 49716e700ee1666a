#include "tests/upstream/page.h"

enum { DAY_LENGTH = 10, TYPICAL_ENTRY = 900 };

// --- dates ---

static void put_day(struct text *out, uint16_t day, bool american)
{
    // Howard Hinnant's civil_from_days(), https://howardhinnant.github.io/date_algorithms.html; days since
    // 1 March 2012, so that the leap day ends the four-year cycle. Right until 2100.
    enum { MARCH_2012_TO_2014 = 671, CYCLE_DAYS = 1461 };
    uint32_t shifted = day + MARCH_2012_TO_2014;
    uint32_t in_cycle = shifted % CYCLE_DAYS;
    uint32_t year_of_cycle = (in_cycle - in_cycle / (CYCLE_DAYS - 1)) / 365;
    uint32_t in_year = in_cycle - year_of_cycle * 365;
    uint32_t shifted_month = (5 * in_year + 2) / 153;
    uint32_t day_of_month = in_year - (153 * shifted_month + 2) / 5 + 1;
    uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    uint32_t year = 2012 + shifted / CYCLE_DAYS * 4 + year_of_cycle + (month <= 2);
    if (american) {
        text_put_2_digits(out, month);
        TEXT_PUT_LITERAL(out, "/");
        text_put_2_digits(out, day_of_month);
        TEXT_PUT_LITERAL(out, "/");
        text_put_number(out, year);
        return;
    }
    text_put_number(out, year);
    TEXT_PUT_LITERAL(out, "-");
    text_put_2_digits(out, month);
    TEXT_PUT_LITERAL(out, "-");
    text_put_2_digits(out, day_of_month);
}

static void put_date(struct text *out, const struct row *row)
{
    if (row->oddity == ODD_DATE_MISSING)
        return;
    bool american = row->oddity == ODD_DATE_AMERICAN;
    TEXT_PUT_LITERAL(out, ",\"date_time\":\"");
    put_day(out, row->day, american);
    text_put(out, american ? " " : "T", 1);
    text_put_2_digits(out, row->second / 3600);
    TEXT_PUT_LITERAL(out, ":");
    text_put_2_digits(out, row->second / 60 % 60);
    TEXT_PUT_LITERAL(out, ":");
    text_put_2_digits(out, row->second % 60);
    TEXT_PUT_LITERAL(out, "\"");
}

// --- times ---

static void put_milliseconds(struct text *out, uint32_t milliseconds)
{
    TEXT_PUT_LITERAL(out, ".");
    text_put_3_digits(out, milliseconds % 1000);
    TEXT_PUT_LITERAL(out, "s");
}

static void put_laptime(struct text *out, const struct row *row, uint32_t leader_ms)
{
    if (row->oddity == ODD_LAPTIME_NULL) {
        TEXT_PUT_LITERAL(out, ",\"laptime\":null");
        return;
    }
    uint32_t time_ms = leader_ms + row->gap_ms;
    TEXT_PUT_LITERAL(out, ",\"laptime\":\"");
    if (time_ms >= 60000 || row->oddity != ODD_LAPTIME_SHORT) {
        text_put_number(out, time_ms / 60000);
        TEXT_PUT_LITERAL(out, "m ");
    }
    text_put_2_digits(out, time_ms / 1000 % 60);
    put_milliseconds(out, time_ms);
    if (row->gap_ms > 0) {
        TEXT_PUT_LITERAL(out, ", +");
        if (row->gap_ms < 10000)
            TEXT_PUT_LITERAL(out, "0");
        text_put_number(out, row->gap_ms / 1000);
        put_milliseconds(out, row->gap_ms);
    }
    TEXT_PUT_LITERAL(out, "\"");
}

static void put_relative_laptime(struct text *out, const struct row *row)
{
    if (row->oddity == ODD_RELATIVE_MISSING)
        return;
    TEXT_PUT_LITERAL(out, ",\"relative_laptime\":\"");
    if (row->gap_ms > 0) {
        TEXT_PUT_LITERAL(out, "+");
        text_put_number(out, row->gap_ms / 1000);
        put_milliseconds(out, row->gap_ms);
    }
    TEXT_PUT_LITERAL(out, "\"");
}

// --- the parts of an entry ---

static void put_index(struct text *out, const struct row *row, uint32_t index)
{
    bool quoted = row->oddity == ODD_INDEX_STRING;
    TEXT_PUT_LITERAL(out, "{\"index\":");
    text_put(out, "\"", quoted);
    text_put_number(out, index);
    text_put(out, "\"", quoted);
    if (row->oddity != ODD_GLOBAL_INDEX_MISSING) {
        TEXT_PUT_LITERAL(out, ",\"global_index\":");
        text_put_number(out, index + 1);
    }
}

static const char *const RANKS[DRIVERS_RANKS] = {"", "A", "B", "C", "D"};

static void put_driver(struct text *out, const struct row *row)
{
    TEXT_PUT_LITERAL(out, ",\"driver\":{");
    if (row->oddity != ODD_NAME_MISSING) {
        TEXT_PUT_LITERAL(out, "\"name\":\"");
        text_put_view(out, row->name);
        TEXT_PUT_LITERAL(out, "\",");
    }
    if (row->oddity == ODD_PATH_NULL) {
        TEXT_PUT_LITERAL(out, "\"path\":null,");
    } else if (row->oddity != ODD_PATH_MISSING) {
        TEXT_PUT_LITERAL(out, "\"path\":\"https:\\/\\/game.raceroom.com\\/users\\/info\\/");
        text_put_number(out, row->person);
        TEXT_PUT_LITERAL(out, "\\/\",");
    }
    if (row->oddity == ODD_AVATAR_NULL) {
        TEXT_PUT_LITERAL(out, "\"avatar\":null");
    } else {
        TEXT_PUT_LITERAL(out, "\"avatar\":\"https:\\/\\/game.raceroom.com\\/game\\/user_avatar\\/");
        text_put_number(out, row->person);
        TEXT_PUT_LITERAL(out, "?size=medium&default=https:\\/\\/game.raceroom.com\\/img\\/avatar\\/"
                              "anonymous-helmet-medium.png\"");
    }
    TEXT_PUT_LITERAL(out, ",\"rank\":\"");
    text_put(out, RANKS[row->rank], row->rank > 0);
    TEXT_PUT_LITERAL(out, "\",\"vip\":false},");
}

static void put_country_and_car(struct text *out, const struct row *row)
{
    if (row->oddity == ODD_COUNTRY_STRING)
        TEXT_PUT_LITERAL(out, "\"country\":\"Germany\"");
    else if (row->oddity == ODD_COUNTRY_MISSING)
        TEXT_PUT_LITERAL(out, "\"region\":null");
    else
        text_put_view(out, row->country);
    if (row->oddity != ODD_CAR_MISSING) {
        TEXT_PUT_LITERAL(out, ",");
        text_put_view(out, row->car);
    }
}

static void put_team_and_rank(struct text *out, const struct row *row)
{
    TEXT_PUT_LITERAL(out, ",");
    if (row->oddity == ODD_TEAM_NULL) {
        TEXT_PUT_LITERAL(out, "\"team\":null");
    } else if (row->oddity == ODD_TEAM_OBJECT) {
        TEXT_PUT_LITERAL(out, "\"team\":{\"name\":\"Team Object\"}");
    } else {
        text_put_view(out, row->team);
    }
    if (row->oddity == ODD_RANK_NUMBER) {
        TEXT_PUT_LITERAL(out, ",\"rank\":3");
    } else if (row->oddity == ODD_RANK_OBJECT) {
        TEXT_PUT_LITERAL(out, ",\"rank\":{\"name\":\"B\"}");
    } else {
        TEXT_PUT_LITERAL(out, ",\"rank\":\"");
        text_put(out, RANKS[row->rank], row->rank > 0);
        TEXT_PUT_LITERAL(out, "\"");
    }
}

static void put_model(struct text *out, const struct row *row)
{
#define VIEW(literal)                                                                                        \
    {                                                                                                        \
        "" literal, sizeof(literal) - 1                                                                      \
    }
    static const struct view MODELS[WORLD_MODELS] = {VIEW(",\"driving_model\":\"Get Real\""),
        VIEW(",\"driving_model\":\"Amateur\""), VIEW(",\"driving_model\":\"Novice\"")};
#undef VIEW
    if (row->oddity == ODD_MODEL_NULL)
        TEXT_PUT_LITERAL(out, ",\"driving_model\":null");
    else
        text_put_view(out, MODELS[row->model]);
}

// Appends one ENTRY; `index` is the place it is shown at.
static void append_entry(
    struct text *out, const struct board_cursor *cursor, const struct row *row, uint32_t index)
{
    text_reserve(out, PAGE_ENTRY_MAX);
    put_index(out, row, index);
    put_driver(out, row);
    put_country_and_car(out, row);
    if (row->oddity != ODD_TRACK_MISSING) {
        TEXT_PUT_LITERAL(out, ",");
        text_put_view(out, cursor->track);
    }
    put_laptime(out, row, cursor->leader_ms);
    put_relative_laptime(out, row);
    put_team_and_rank(out, row);
    put_model(out, row);
    put_date(out, row);
    if (row->oddity == ODD_FIELD_UNKNOWN)
        TEXT_PUT_LITERAL(out, ",\"something_new\":{\"a\":[1,{\"b\":null}]},\"champ_points\":25");
    TEXT_PUT_LITERAL(out, "}");
}

// --- pages ---

// Rows that exist, as the fault wants it.
static uint64_t visible_rows(const struct board_cursor *cursor, const struct page_request *request)
{
    uint64_t rows = (uint64_t)cursor->entries * request->percent / 100;
    if (rows == 0)
        return 0;
    switch (request->bend) {
    case PAGE_ENDLESS:
        return UINT32_MAX;
    case PAGE_DUPLICATED:
        return rows + 1;
    case PAGE_SHIFTED:
        return rows + (request->start > 0);
    case PAGE_REGULAR:
        break;
    }
    return rows;
}

// The place in the board of what is shown at `shown`.
static uint32_t place_of(
    const struct board_cursor *cursor, const struct page_request *request, uint32_t shown)
{
    switch (request->bend) {
    case PAGE_ENDLESS:
        return shown % cursor->entries;
    case PAGE_DUPLICATED:
        return shown > 0 ? shown - 1 : 0;
    case PAGE_SHIFTED:
        return request->start > 0 ? shown - 1 : shown;
    case PAGE_REGULAR:
        break;
    }
    return shown;
}

void page_append_rows(struct text *out, const struct world *world, const struct page_request *request)
{
    if (request->shown == PAGE_NO_BOARD)
        return;
    struct board_cursor cursor;
    world_open(world, request->shown, &cursor);
    uint64_t visible = visible_rows(&cursor, request);
    if (request->start >= visible)
        return;
    uint64_t rows = visible - request->start < request->count ? visible - request->start : request->count;
    text_reserve(out, rows * TYPICAL_ENTRY + PAGE_ENTRY_MAX);
    for (uint64_t i = 0; i < rows; i++) {
        uint32_t shown = (uint32_t)(request->start + i);
        struct row row;
        world_row(&cursor, place_of(&cursor, request, shown), &row);
        if (i > 0)
            text_append(out, ",", 1);
        append_entry(out, &cursor, &row, shown);
    }
}

void page_append_head(struct text *out, const struct page_request *request)
{
    text_reserve(out, PAGE_ENTRY_MAX);
    TEXT_PUT_LITERAL(out, "{\"context\":{\"c\":{\"get\":{\"track\":\"");
    text_put_number(out, request->track_id);
    TEXT_PUT_LITERAL(out, "\",\"car_class\":\"class-");
    text_put_number(out, request->class_id);
    TEXT_PUT_LITERAL(out, "\",\"start\":\"");
    text_put_number(out, (uint32_t)request->start);
    TEXT_PUT_LITERAL(out, "\",\"count\":\"");
    text_put_number(out, request->count);
    TEXT_PUT_LITERAL(out, "\"},\"results\":[");
}

void page_append_listing(struct text *out, const struct world *world, const struct page_request *request)
{
    page_append_head(out, request);
    page_append_rows(out, world, request);
    text_append_string(out, "]}}}");
}
