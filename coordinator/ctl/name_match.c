#include "coordinator/ctl/name_match.h"

#include <string.h>

#include "coordinator/ctl/fold.h"

#define FOLDED_MAX ((size_t)1024)

/* A kind beyond those of fold.h: each word somewhere. */
#define WORDS_APART ((int)FOLD_NONE)
#define NOTHING     ((int)FOLD_NONE + 1)

struct needle {
    struct buffer whole[FOLD_STYLES];
};

static bool has_each_word(const struct buffer *name, const struct buffer *needle)
{
    const char *at = (const char *)needle->data, *end = at + needle->length;
    while (at < end) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        size_t length = (size_t)((space ? space : end) - at);
        if (!name->length || !memmem(name->data, name->length, at, length))
            return false;
        at += length + 1;
    }
    return needle->length > 0;
}

static int kind_of(const char *name, const struct needle *needle, struct buffer *folded)
{
    int best = NOTHING;
    struct text text = {name, (uint32_t)strlen(name)};
    for (int style = 0; style < FOLD_STYLES; style++) {
        if (!fold_text(text, (enum fold_style)style, folded))
            continue;
        int kind = (int)fold_find(folded, &needle->whole[style]);
        if (kind == FOLD_NONE)
            kind = has_each_word(folded, &needle->whole[style]) ? WORDS_APART : NOTHING;
        best = kind < best ? kind : best;
    }
    return best;
}

static void collect(
    const struct catalogue_items *items, const struct needle *needle, struct name_match *match)
{
    struct buffer folded = buffer_make(FOLDED_MAX);
    int best = NOTHING;
    for (uint32_t i = 0; i < items->count; i++) {
        int kind = kind_of(items->items[i].name, needle, &folded);
        if (kind == NOTHING || kind > best)
            continue;
        if (kind < best)
            match->found = match->count = 0;
        best = kind;
        match->found++;
        if (match->count < NAME_MATCH_KEPT)
            match->items[match->count++] = &items->items[i];
    }
    buffer_free(&folded);
}

void name_match_find(const struct catalogue_items *items, const char *name, struct name_match *match)
{
    struct needle needle;
    struct text text = {name, (uint32_t)strnlen(name, FOLDED_MAX)};
    bool usable = true;
    match->count = 0;
    match->found = 0;
    for (int style = 0; style < FOLD_STYLES; style++) {
        needle.whole[style] = buffer_make(FOLDED_MAX);
        usable = usable && fold_text(text, (enum fold_style)style, &needle.whole[style]) &&
                 needle.whole[style].length > 0;
    }
    if (usable)
        collect(items, &needle, match);
    for (int style = 0; style < FOLD_STYLES; style++)
        buffer_free(&needle.whole[style]);
}
