#include "coordinator/ctl/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#define ELLIPSIS "\xE2\x80\xA6"

unsigned columns_of_terminal(void)
{
    struct winsize size = {0};
    if (!isatty(STDOUT_FILENO))
        return COLUMNS_UNKNOWN;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

bool columns_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
    }
    return false;
}

/* Reads one character; what must not be printed becomes U+FFFD. Returns its bytes. */
static size_t next(const char *text, utf8proc_int32_t *code)
{
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, code);
    if (length <= 0) {
        *code = 0xFFFD;
        return 1;
    }
    utf8proc_category_t category = utf8proc_category(*code);
    /* CF holds the marks that turn the direction of writing. */
    if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
        category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP)
        *code = 0xFFFD;
    return (size_t)length;
}

static unsigned cells(utf8proc_int32_t code)
{
    int width = utf8proc_charwidth(code);
    return code == 0xFFFD ? 1 : width > 0 ? (unsigned)width : 0;
}

unsigned columns_width(const char *text)
{
    unsigned width = 0;
    utf8proc_int32_t code;
    for (size_t length; *text; text += length) {
        length = next(text, &code);
        width += cells(code);
    }
    return width;
}

static void pad(struct buffer *out, unsigned count)
{
    while (count-- > 0)
        buffer_append_byte(out, ' ');
}

void columns_append(struct buffer *out, const char *text, unsigned width, bool right)
{
    unsigned whole = columns_width(text);
    unsigned room = whole <= width ? width : width - 1;
    unsigned used = 0;
    utf8proc_int32_t code;
    utf8proc_uint8_t bytes[4];
    if (right && whole < width)
        pad(out, width - whole);
    while (*text) {
        size_t length = next(text, &code);
        if (used + cells(code) > room)
            break;
        buffer_append(out, bytes, (size_t)utf8proc_encode_char(code, bytes));
        used += cells(code);
        text += length;
    }
    if (whole > width) {
        buffer_append_string(out, ELLIPSIS);
        used++;
    }
    if (!right && used < width)
        pad(out, width - used);
}

void columns_append_ascii(struct buffer *out, const char *text)
{
    static const struct {
        utf8proc_int32_t code;
        char ascii;
    } marks[] = {{0x2026, '.'}, {0xD7, 'x'}, {0x2191, '^'}, {0x2193, 'v'}};
    utf8proc_int32_t code;
    for (size_t length; *text; text += length) {
        length = next(text, &code);
        char ascii = code < 0x80 ? (char)code : '?';
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
            if (marks[i].code == code)
                ascii = marks[i].ascii;
        for (unsigned i = cells(code); i > 0; i--)
            buffer_append_byte(out, (uint8_t)ascii);
    }
}

static const char *checked(char *out, int length)
{
    if (length < 0 || length >= COLUMNS_NUMBER_SIZE)
        out[0] = '\0';
    return out;
}

const char *columns_number(uint64_t number, char out[static COLUMNS_NUMBER_SIZE])
{
    char digits[COLUMNS_NUMBER_SIZE];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *at = out;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return out;
}

const char *columns_duration(uint64_t seconds, char out[static COLUMNS_NUMBER_SIZE])
{
    unsigned long long s = seconds;
    int length;
    if (s < 60)
        length = snprintf(out, COLUMNS_NUMBER_SIZE, "%llu s", s);
    else if (s < 3600)
        length = snprintf(out, COLUMNS_NUMBER_SIZE, "%llu min %02llu s", s / 60, s % 60);
    else if (s < 86400)
        length = snprintf(out, COLUMNS_NUMBER_SIZE, "%llu h %02llu min", s / 3600, s / 60 % 60);
    else
        length = snprintf(out, COLUMNS_NUMBER_SIZE, "%llu d %llu h", s / 86400, s / 3600 % 24);
    return checked(out, length);
}

const char *columns_bytes(uint64_t bytes, char out[static COLUMNS_NUMBER_SIZE])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1024;
    bool fraction = unit > 0 && value < 10;
    return checked(out, snprintf(out, COLUMNS_NUMBER_SIZE, "%.*f %s", fraction ? 1 : 0, value, units[unit]));
}
