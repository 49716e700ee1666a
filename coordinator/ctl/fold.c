#include "coordinator/ctl/fold.h"

#include <stddef.h>
#include <string.h>
#include <utf8proc.h>

/* Lower case; Unicode does not decompose these. */
static const struct {
    utf8proc_int32_t letter;
    const char *folded[FOLD_STYLES];
} letters[] = {
    {0xE6, {"a", "ae"}},                                                                 /* æ */
    {0x153, {"o", "oe"}},                                                                /* œ */
    {0xFE, {"t", "th"}},                                                                 /* þ */
    {0xF0, {"d", "d"}}, {0x111, {"d", "d"}}, {0xF8, {"o", "o"}}, {0x142, {"l", "l"}},    /* ð đ ø ł */
    {0x131, {"i", "i"}}, {0x127, {"h", "h"}}, {0x167, {"t", "t"}},                       /* ı ħ ŧ */
    {0x2018, {"'", "'"}}, {0x2019, {"'", "'"}}, {0x2BC, {"'", "'"}}, {0xB4, {"'", "'"}}, /* apostrophes */
};

static bool is_ascii_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static void append_blank(struct buffer *out)
{
    if (out->length && out->data[out->length - 1] != ' ')
        buffer_append_byte(out, ' ');
}

static void append_folded(struct buffer *out, utf8proc_int32_t code, enum fold_style style)
{
    utf8proc_uint8_t bytes[4];
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (letters[i].letter == code) {
            buffer_append_string(out, letters[i].folded[style]);
            return;
        }
    }
    utf8proc_category_t category = utf8proc_category(code);
    if (category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_CC)
        append_blank(out);
    else
        buffer_append(out, bytes, (size_t)utf8proc_encode_char(code, bytes));
}

/* Most names: nothing to decompose. */
static void fold_ascii(struct text text, struct buffer *out)
{
    for (uint32_t i = 0; i < text.length; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if (byte <= ' ' || byte == 0x7F)
            append_blank(out);
        else
            buffer_append_byte(out, is_ascii_letter(byte) ? byte | 0x20 : byte);
    }
}

static bool fold_unicode(struct text text, enum fold_style style, struct buffer *out)
{
    /* One code point can become 18 (U+FDFA); names are short, so a fixed array does. */
    utf8proc_int32_t codes[2048];
    const int options = UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD;
    utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)text.data,
        (utf8proc_ssize_t)text.length, codes, sizeof codes / sizeof *codes, (utf8proc_option_t)options);
    if (count < 0 || (size_t)count > sizeof codes / sizeof *codes)
        return false;
    for (utf8proc_ssize_t i = 0; i < count; i++)
        append_folded(out, codes[i], style);
    return true;
}

bool fold_text(struct text text, enum fold_style style, struct buffer *out)
{
    bool ascii = true;
    for (uint32_t i = 0; i < text.length; i++)
        ascii = ascii && (uint8_t)text.data[i] < 0x80;
    buffer_clear(out);
    if (ascii)
        fold_ascii(text, out);
    else if (!fold_unicode(text, style, out))
        return false;
    if (out->length && out->data[out->length - 1] == ' ')
        out->length--;
    return !out->overflowed;
}

enum fold_match fold_find(const struct buffer *name, const struct buffer *needle)
{
    enum fold_match best = FOLD_NONE;
    const uint8_t *from = name->data;
    const uint8_t *end = name->data + name->length;
    while (needle->length && name->length && best > FOLD_WORD) {
        const uint8_t *found = memmem(from, (size_t)(end - from), needle->data, needle->length);
        if (!found)
            break;
        if (found == name->data)
            return name->length == needle->length ? FOLD_EXACT : FOLD_BEGINNING;
        best = found[-1] == ' ' ? FOLD_WORD : FOLD_INSIDE;
        from = found + 1;
    }
    return best;
}
