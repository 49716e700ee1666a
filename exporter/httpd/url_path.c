#include "exporter/httpd/url_path.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads one character and moves `*url` behind it; -1 for what cannot stand in a path. An escaped slash would
 * be a part's own character, which no file name can have. */
static int next_character(const char **url)
{
    const char *at = *url;
    int character = (unsigned char)*at++;
    if (character == '%') {
        int high = hex_digit(at[0]);
        int low = high < 0 ? -1 : hex_digit(at[1]);
        if (low < 0)
            return -1;
        character = high * 16 + low;
        at += 2;
        if (character == '/')
            return -1;
    }
    *url = at;
    return character < 0x20 || character == 0x7f || character == '\\' ? -1 : character;
}

static enum url_path_outcome check_parts(const char *path)
{
    enum url_path_outcome outcome = URL_PATH_FOUND;
    for (const char *part = path;; part++) {
        size_t length = strcspn(part, "/");
        if ((length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.'))
            return URL_PATH_BAD;
        if (length == 0 || part[0] == '.')
            outcome = URL_PATH_NOTHING;
        part += length;
        if (!*part)
            return outcome;
    }
}

enum url_path_outcome url_path_decode(const char *url, char out[static URL_PATH_SIZE])
{
    if (*url++ != '/')
        return URL_PATH_BAD;
    if (!*url)
        return URL_PATH_ROOT;
    size_t length = 0;
    while (*url) {
        int character = next_character(&url);
        if (character < 0)
            return URL_PATH_BAD;
        if (length + 1 >= URL_PATH_SIZE)
            return URL_PATH_TOO_LONG;
        out[length++] = (char)character;
    }
    out[length] = '\0';
    return check_parts(out);
}
