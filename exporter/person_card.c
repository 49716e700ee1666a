#include "exporter/person_card.h"

#include <string.h>
#include <strings.h>

#include "exporter/person_id.h"

#define NO_TEAM "Privateer"

static bool is_team(struct text team)
{
    return team.length &&
           (team.length != sizeof NO_TEAM - 1 || strncasecmp(team.data, NO_TEAM, team.length) != 0);
}

/* What the newest row with a value for a field has. */
struct newest {
    uint32_t text;
    struct text date;
};

static void consider(struct newest *newest, uint32_t text, const struct bundle_row *row)
{
    struct text date = {row->date_time.data, row->date_time.length};
    if (text && (!newest->text || text_compare(date, newest->date) > 0))
        *newest = (struct newest){text, date};
}

static void choose_values(struct card *card, const struct bundle *bundle)
{
    static const struct {
        enum card_field field;
        int column; /* of enum board_column or bundle_column */
    } sources[] = {{CARD_NAME, BUNDLE_NAME}, {CARD_AVATAR, BUNDLE_AVATAR}, {CARD_COUNTRY, BOARD_COUNTRY},
        {CARD_TEAM, BOARD_TEAM}, {CARD_RANK, BOARD_RANK}};
    struct newest newest[CARD_FIELDS] = {0};
    for (uint32_t i = 0; i < bundle->row_count; i++) {
        const struct bundle_row *row = &bundle->rows[i];
        for (size_t source = 0; source < sizeof sources / sizeof *sources; source++)
            consider(&newest[sources[source].field], row->texts[sources[source].column], row);
        if (is_team(bundle_raw(bundle, row->texts[BOARD_TEAM])))
            consider(&newest[CARD_OWN_TEAM], row->texts[BOARD_TEAM], row);
    }
    for (int field = 0; field < CARD_FIELDS; field++)
        card->texts[field] = bundle->texts[newest[field].text];
}

static bool copy(struct arena *arena, struct text text, struct bundle_text *out)
{
    const char *bytes = arena_copy(arena, text.data, text.length);
    *out = bundle_text_of((struct text){bytes, bytes ? text.length : 0});
    return bytes;
}

static bool add_keys(struct card *card, struct person_keys *keys, struct arena *arena)
{
    struct text name = card_raw(card, CARD_NAME), second;
    card->has_second_key = false;
    if (!copy(arena, person_keys_shown(keys, name), &card->texts[CARD_SHOWN]) ||
        !copy(arena, person_keys_folded(keys, name), &card->texts[CARD_KEY]))
        return false;
    card->has_second_key = person_keys_two_letter(keys, name, &second);
    return !card->has_second_key || copy(arena, second, &card->texts[CARD_SECOND_KEY]);
}

static bool add_aliases(struct bundle *bundle, struct person_keys *keys, struct arena *arena)
{
    for (uint32_t i = 0; i < bundle->row_count; i++) {
        uint32_t name = bundle->rows[i].texts[BUNDLE_NAME];
        struct bundle_text key;
        bundle->rows[i].alias = bundle_alias_of(bundle, name);
        if (bundle->rows[i].alias != UINT32_MAX)
            continue;
        if (!copy(arena, person_keys_flat(keys, bundle_raw(bundle, name)), &key))
            return false;
        uint32_t place = bundle_add_text(bundle, (struct text){key.data, key.length});
        bundle->rows[i].alias = bundle_add_alias(bundle, name, place);
    }
    return true;
}

bool person_card_fill(struct card *card, struct bundle *bundle, struct text path_id, struct person_keys *keys,
    struct arena *arena)
{
    choose_values(card, bundle);
    return copy(arena, path_id, &card->texts[CARD_PATH_ID]) && add_keys(card, keys, arena) &&
           add_aliases(bundle, keys, arena);
}
