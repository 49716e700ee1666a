#include "worker/json_mend.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#define ESCAPE_LENGTH 6 /* of \uXXXX */

/* The value of the four hex digits behind `\u`, or -1. */
static int escape_value(const char *at, const char *end)
{
    int value = 0;
    if (end - at < ESCAPE_LENGTH || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < ESCAPE_LENGTH; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'                 ? c - '0'
                    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                         : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* `at` is a backslash; returns the first byte behind the escape. */
static char *mend_escape(char *at, const char *end)
{
    int value = escape_value(at, end);
    if (value < 0)
        return end - at >= 2 ? at + 2 : at + 1;
    if (value >= 0xd800 && value < 0xdc00) {
        int low = escape_value(at + ESCAPE_LENGTH, end);
        if (low >= 0xdc00 && low < 0xe000)
            return at + 2 * (ptrdiff_t)ESCAPE_LENGTH;
    }
    if (value == 0 || (value >= 0xd800 && value < 0xe000))
        memcpy(at + 2, "fffd", 4);
    return at + ESCAPE_LENGTH;
}

void json_mend(char *bytes, size_t length)
{
    char *end = bytes + length;
    for (char *at = bytes; at < end && (at = memchr(at, '\\', (size_t)(end - at)));)
        at = mend_escape(at, end);
    for (char *at = bytes; at < end && (at = memchr(at, 0, (size_t)(end - at)));)
        *at++ = ' ';
}

struct nesting {
    unsigned deepest;
    bool open; /* something begun was not ended */
};

static struct nesting measure_nesting(const char *bytes, size_t length)
{
    struct nesting nesting = {0, false};
    unsigned depth = 0;
    bool in_string = false;
    for (size_t at = 0; at < length; at++) {
        char c = bytes[at];
        if (in_string && c == '\\')
            at++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '[' || c == '{'))
            depth++;
        else if (!in_string && (c == ']' || c == '}') && depth)
            depth--;
        if (depth > nesting.deepest)
            nesting.deepest = depth;
    }
    nesting.open = in_string || depth > 0;
    return nesting;
}

enum failure json_explain(
    const char *bytes, size_t length, size_t stopped_at, char problem[static PROTOCOL_TEXT_SIZE])
{
    size_t start = 0;
    while (start < length && (unsigned char)bytes[start] <= ' ')
        start++;
    struct nesting nesting = measure_nesting(bytes, length);
    enum failure failure = FAILURE_NOT_JSON;
    const char *what;
    char place[64];
    if (start == length) {
        what = "the answer is empty";
    } else if (bytes[start] == '<') {
        what = "the answer is a page of HTML, not JSON";
    } else if (nesting.deepest > CJSON_NESTING_LIMIT) {
        what = "the JSON is nested deeper than 1000 levels";
    } else if (nesting.open && (bytes[start] == '{' || bytes[start] == '[')) {
        what = "the JSON ends in the middle";
        failure = FAILURE_TRUNCATED;
    } else {
        int written = snprintf(place, sizeof place, "no JSON at byte %zu of %zu", stopped_at, length);
        what = written > 0 ? place : "no JSON";
    }
    size_t size = strlen(what);
    memcpy(problem, what, size + 1);
    return failure;
}
