#include "exporter/httpd/negotiate.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void etag_make(const struct stat *about, enum encoding encoding, char out[static ETAG_SIZE])
{
    static const char *const endings[] = {
        [ENCODING_AS_IS] = "", [ENCODING_GZIP] = "-gzip", [ENCODING_INFLATED] = "-plain"};
    int length = snprintf(out, ETAG_SIZE, "\"%llx-%llx-%llx%s\"", (unsigned long long)about->st_ino,
        (unsigned long long)about->st_size,
        (unsigned long long)about->st_mtim.tv_sec * 1000000000 + (unsigned long long)about->st_mtim.tv_nsec,
        endings[encoding]);
    assert(length > 0 && length < ETAG_SIZE);
}

bool etag_listed(const char *header, const char *etag, bool strongly)
{
    size_t length = strlen(etag);
    while (header && *header) {
        header += strspn(header, " \t,");
        if (*header == '*')
            return true;
        if (!strongly && strncmp(header, "W/", 2) == 0)
            header += 2;
        if (strncmp(header, etag, length) == 0)
            return true;
        header += strcspn(header, ",");
    }
    return false;
}

void http_date(time_t time, char out[static HTTP_DATE_SIZE])
{
    struct tm utc;
    gmtime_r(&time, &utc);
    /* No locale is ever set, so the names are English. */
    if (strftime(out, HTTP_DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &utc) == 0)
        out[0] = '\0';
}

/* The weight in parameters such as ";version=1.0.0;q=0.5" (RFC 9110, 12.4.2). */
static int weight_of(const char *parameters, size_t length)
{
    const char *at = parameters;
    const char *end = parameters + length;
    while (at && at < end) {
        at += strspn(at, "; \t");
        if (end - at > 2 && (*at == 'q' || *at == 'Q') && at[1] == '=')
            break;
        at = memchr(at, ';', at < end ? (size_t)(end - at) : 0);
    }
    if (!at || at >= end || (at[2] != '0' && at[2] != '1'))
        return 1000;
    int weight = (at[2] - '0') * 1000;
    int digit_value = 100;
    const char *digit = at + 3;
    for (digit += digit < end && *digit == '.'; digit < end && *digit >= '0' && *digit <= '9'; digit++) {
        weight += (*digit - '0') * digit_value;
        digit_value /= 10;
    }
    return weight < 1000 ? weight : 1000;
}

int accept_weight(const char *header, const char *name)
{
    int best = -1;
    size_t name_length = strlen(name);
    while (header && *header) {
        header += strspn(header, " \t,");
        size_t length = strcspn(header, ",");
        size_t item_length = strcspn(header, " \t,;");
        if (item_length == name_length && strncasecmp(header, name, name_length) == 0) {
            int weight = weight_of(header + item_length, length - item_length);
            best = weight > best ? weight : best;
        }
        header += length;
    }
    return best;
}

/* The weight of the most telling of several names that is there at all; 0 if none is (RFC 9110, 12.5.1). */
static int first_weight(const char *header, const char *const *names)
{
    int weight = -1;
    for (; weight < 0 && *names; names++)
        weight = accept_weight(header, *names);
    return weight < 0 ? 0 : weight;
}

bool accepts_gzip(const char *header)
{
    static const char *const names[] = {"gzip", "x-gzip", "*", NULL};
    return first_weight(header, names) > 0;
}

bool accepts_html(const char *header)
{
    static const char *const names[] = {"text/html", "text/*", NULL};
    return first_weight(header, names) > 0;
}

bool prefers_plain_metrics(const char *header)
{
    static const char *const open[] = {"application/openmetrics-text", "application/*", "*/*", NULL};
    static const char *const plain[] = {"text/plain", "text/*", "*/*", NULL};
    return first_weight(header, plain) > first_weight(header, open);
}
