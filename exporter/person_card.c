#include "exporter/person_card.h"

#include <string.h>
#include <strings.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

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

static void choose_values(struct bundle *bundle)
{
    static const struct {
        enum bundle_card field;
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
        bundle->card[field] = newest[field].text;
}

static bool add_copy(struct bundle *bundle, struct arena *arena, struct text text, uint32_t *place)
{
    const char *copy = arena_copy(arena, text.data, text.length);
    *place = copy ? bundle_add_text(bundle, (struct text){copy, text.length}) : 0;
    return copy;
}

static bool add_keys(struct bundle *bundle, struct person_keys *keys, struct arena *arena)
{
    struct text name = bundle_raw(bundle, bundle->card[CARD_NAME]), second;
    if (!add_copy(bundle, arena, person_keys_shown(keys, name), &bundle->card[CARD_SHOWN]) ||
        !add_copy(bundle, arena, person_keys_folded(keys, name), &bundle->card[CARD_KEY]))
        return false;
    bundle->has_second_key = person_keys_two_letter(keys, name, &second);
    return !bundle->has_second_key || add_copy(bundle, arena, second, &bundle->card[CARD_SECOND_KEY]);
}

static bool add_aliases(struct bundle *bundle, struct person_keys *keys, struct arena *arena)
{
    uint32_t key;
    for (uint32_t i = 0; i < bundle->row_count; i++) {
        uint32_t name = bundle->rows[i].texts[BUNDLE_NAME];
        bundle->rows[i].alias = bundle_alias_of(bundle, name);
        if (bundle->rows[i].alias != UINT32_MAX)
            continue;
        if (!add_copy(bundle, arena, person_keys_flat(keys, bundle_raw(bundle, name)), &key))
            return false;
        bundle->rows[i].alias = bundle_add_alias(bundle, name, key);
    }
    return true;
}

bool person_card_fill(
    struct bundle *bundle, struct text path_id, struct person_keys *keys, struct arena *arena)
{
    choose_values(bundle);
    return add_copy(bundle, arena, path_id, &bundle->card[CARD_PATH_ID]) && add_keys(bundle, keys, arena) &&
           add_aliases(bundle, keys, arena);
}

uint64_t person_card_digest(const struct bundle *bundle)
{
    uint64_t hashes[CARD_FIELDS + 1];
    for (int field = 0; field < CARD_FIELDS; field++) {
        struct text text = bundle_raw(bundle, bundle->card[field]);
        hashes[field] = XXH3_64bits(text.data, text.length);
    }
    hashes[CARD_FIELDS] = bundle->has_second_key;
    return XXH3_64bits(hashes, sizeof hashes);
}
