#include "common/unicode.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "common/log.h"

/* Length of the ASCII run at `bytes`, found eight bytes at a time: most text here is ASCII. */
static size_t ascii_run(const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    uint64_t word;
    for (; at + sizeof word <= length; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        if (word & 0x8080808080808080u)
            break;
    }
    while (at < length && bytes[at] < 0x80)
        at++;
    return at;
}

/* Length of the well-formed sequence at `bytes` (length > 0), or minus the length of the ill-formed maximal
 * subpart. The ranges are those of Unicode 15, table 3-7. */
static int sequence_length(const uint8_t *bytes, size_t length)
{
    uint8_t first = bytes[0], low = 0x80, high = 0xbf;
    int wanted = first < 0x80   ? 1
                 : first < 0xc2 ? 0
                 : first < 0xe0 ? 2
                 : first < 0xf0 ? 3
                 : first < 0xf5 ? 4
                                : 0;
    if (wanted == 0)
        return -1;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    for (int i = 1; i < wanted; i++) {
        if ((size_t)i == length || bytes[i] < low || bytes[i] > high)
            return -i;
        low = 0x80;
        high = 0xbf;
    }
    return wanted;
}

bool unicode_is_valid(struct text text)
{
    if (text.length == 0)
        return true; /* `data` may be NULL, and nothing may be added to NULL */
    const uint8_t *bytes = (const uint8_t *)text.data;
    size_t at = 0;
    while ((at += ascii_run(bytes + at, text.length - at)) < text.length) {
        int length = sequence_length(bytes + at, text.length - at);
        if (length < 0)
            return false;
        at += (size_t)length;
    }
    return true;
}

void unicode_append_repaired(struct buffer *out, struct text text)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    size_t at = 0;
    while (at < text.length) {
        size_t run = ascii_run(bytes + at, text.length - at);
        buffer_append(out, bytes + at, run);
        at += run;
        if (at == text.length)
            break;
        int length = sequence_length(bytes + at, text.length - at);
        if (length > 0)
            buffer_append(out, bytes + at, (size_t)length);
        else
            buffer_append_string(out, "\xef\xbf\xbd");
        at += (size_t)abs(length);
    }
}

void unicode_append_nfc(struct buffer *out, struct text text)
{
    if (ascii_run((const uint8_t *)text.data, text.length) == text.length) {
        buffer_append(out, text.data, text.length);
        return;
    }
    utf8proc_uint8_t *composed = NULL;
    utf8proc_ssize_t length = utf8proc_map((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.length,
        &composed, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (length < 0)
        log_bug("unicode: composing text that was checked to be UTF-8: %s", utf8proc_errmsg(length));
    buffer_append(out, composed, (size_t)length);
    free(composed);
}

static void append_code_point_lower(struct buffer *out, const uint8_t *bytes, int length)
{
    utf8proc_int32_t code_point;
    utf8proc_uint8_t encoded[4];
    utf8proc_iterate(bytes, length, &code_point);
    utf8proc_ssize_t size = utf8proc_encode_char(utf8proc_tolower(code_point), encoded);
    buffer_append(out, encoded, (size_t)size);
}

void unicode_append_lower(struct buffer *out, struct text text)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    for (size_t at = 0; at < text.length;) {
        if (bytes[at] < 0x80) {
            uint8_t c = bytes[at++];
            buffer_append_byte(out, c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c);
            continue;
        }
        int length = sequence_length(bytes + at, text.length - at);
        if (length < 0)
            log_bug("unicode: lower case of text that is not UTF-8 at byte %zu", at);
        append_code_point_lower(out, bytes + at, length);
        at += (size_t)length;
    }
}

struct text unicode_truncate(struct text text, uint32_t max_length)
{
    if (text.length <= max_length)
        return text;
    uint32_t length = max_length;
    while (length > 0 && ((uint8_t)text.data[length] & 0xc0) == 0x80)
        length--;
    return (struct text){text.data, length};
}

/* `bytes` begins a well-formed sequence of `size` bytes. C1 is U+0080 to U+009F. */
static bool is_control(const uint8_t *bytes, size_t size)
{
    return bytes[0] < ' ' || bytes[0] == 127 || (size == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
}

bool unicode_has_control(struct text text)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    for (uint32_t at = 0; at < text.length;) {
        int size = sequence_length(bytes + at, text.length - at);
        if (size > 0 && is_control(bytes + at, (size_t)size))
            return true;
        at += (uint32_t)(size < 0 ? -size : size);
    }
    return false;
}

void unicode_make_printable(char *string)
{
    size_t length = strlen(string);
    for (size_t at = 0; at < length;) {
        const uint8_t *bytes = (const uint8_t *)string + at;
        int size = sequence_length(bytes, length - at);
        size_t span = (size_t)(size < 0 ? -size : size);
        if (size < 0 || is_control(bytes, span))
            memset(string + at, '?', span);
        at += span;
    }
}
