#include "exporter/person_keys.h"

#include <stddef.h>
#include <stdint.h>

#include "common/board.h"
#include "common/unicode.h"

/* Composing grows a text by at most this factor (Unicode, "Normalization Charts": 3 in UTF-8), as lower case
 * does by less. Folding never makes a text longer. */
#define KEY_MAX ((size_t)BOARD_TEXT_MAX * 3 * 3)

struct person_keys person_keys_make(void)
{
    return (struct person_keys){
        .composed = buffer_make(KEY_MAX),
        .folded = buffer_make(KEY_MAX),
        .spaced = buffer_make(KEY_MAX),
        .lowered = buffer_make(KEY_MAX),
    };
}

void person_keys_free(struct person_keys *keys)
{
    buffer_free(&keys->composed);
    buffer_free(&keys->folded);
    buffer_free(&keys->spaced);
    buffer_free(&keys->lowered);
}

static struct text text_of(const struct buffer *buffer)
{
    return (struct text){buffer->data ? (const char *)buffer->data : "", (uint32_t)buffer->length};
}

static struct text compose(struct person_keys *keys, struct text name)
{
    buffer_clear(&keys->composed);
    unicode_append_nfc(&keys->composed, name);
    return text_of(&keys->composed);
}

static struct text lower(struct person_keys *keys, struct text text)
{
    buffer_clear(&keys->lowered);
    unicode_append_lower(&keys->lowered, text);
    return text_of(&keys->lowered);
}

/* The code point at `at` of valid UTF-8; all that is asked for is below U+10000, so longer ones may be 0. */
static uint32_t code_point(const uint8_t *at, uint32_t *length)
{
    if (at[0] < 0x80) {
        *length = 1;
        return at[0];
    }
    if (at[0] < 0xe0) {
        *length = 2;
        return (uint32_t)(at[0] & 0x1f) << 6 | (at[1] & 0x3f);
    }
    if (at[0] < 0xf0) {
        *length = 3;
        return (uint32_t)(at[0] & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
    }
    *length = 4;
    return 0;
}

/* The property White_Space, PropList.txt of Unicode 15. */
static bool is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f ||
           code == 0x205f || code == 0x3000;
}

static struct text collapse(struct person_keys *keys, struct text text)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    bool gap = false;
    buffer_clear(&keys->spaced);
    for (uint32_t at = 0, length; at < text.length; at += length) {
        if (is_space(code_point(bytes + at, &length))) {
            gap = true;
            continue;
        }
        if (gap && keys->spaced.length)
            buffer_append_byte(&keys->spaced, ' ');
        gap = false;
        buffer_append(&keys->spaced, bytes + at, length);
    }
    return text_of(&keys->spaced);
}

/* FORMATS' table by code point from U+00C0 to U+017E; a zero stays as it is. */
static char folded_letter(uint32_t code)
{
    static const char latin_1[] = "aaaaaaaceeeeiiiidnooooo\0ouuuuyt\0"
                                  "aaaaaaaceeeeiiiidnooooo\0ouuuuyty";
    _Static_assert(sizeof latin_1 == 0x40 + 1, "U+00C0 to U+00FF");
    if (code >= 0xc0 && code <= 0xff)
        return latin_1[code - 0xc0];
    switch (code) {
    case 0x10e: /* Ď ď Đ đ */
    case 0x10f:
    case 0x110:
    case 0x111:
        return 'd';
    case 0x152: /* Œ œ */
    case 0x153:
        return 'o';
    case 0x160: /* Š š */
    case 0x161:
        return 's';
    case 0x164: /* Ť ť */
    case 0x165:
        return 't';
    case 0x178: /* Ÿ */
        return 'y';
    case 0x17d: /* Ž ž */
    case 0x17e:
        return 'z';
    default:
        return 0;
    }
}

static const char *two_letters(uint32_t code)
{
    switch (code) {
    case 0xc6: /* Æ æ */
    case 0xe6:
        return "ae";
    case 0x152: /* Œ œ */
    case 0x153:
        return "oe";
    case 0xde: /* Þ þ */
    case 0xfe:
        return "th";
    default:
        return NULL;
    }
}

/* Returns whether the name has one of the letters that can become two. */
static bool fold(struct person_keys *keys, struct text name, bool as_two)
{
    const uint8_t *bytes = (const uint8_t *)name.data;
    bool has_two = false;
    buffer_clear(&keys->folded);
    for (uint32_t at = 0, length; at < name.length; at += length) {
        uint32_t code = code_point(bytes + at, &length);
        const char *two = two_letters(code);
        char one = folded_letter(code);
        has_two = has_two || two;
        if (two && as_two)
            buffer_append(&keys->folded, two, 2);
        else if (one)
            buffer_append_byte(&keys->folded, (uint8_t)one);
        else
            buffer_append(&keys->folded, bytes + at, length);
    }
    return has_two;
}

struct text person_keys_flat(struct person_keys *keys, struct text name)
{
    return lower(keys, compose(keys, name));
}

struct text person_keys_shown(struct person_keys *keys, struct text name)
{
    return lower(keys, collapse(keys, compose(keys, name)));
}

struct text person_keys_folded(struct person_keys *keys, struct text name)
{
    fold(keys, compose(keys, name), false);
    return lower(keys, collapse(keys, text_of(&keys->folded)));
}

bool person_keys_two_letter(struct person_keys *keys, struct text name, struct text *key)
{
    if (!fold(keys, compose(keys, name), true))
        return false;
    *key = lower(keys, collapse(keys, text_of(&keys->folded)));
    return true;
}
