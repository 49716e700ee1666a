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

bool etag_listed(const char *header, const char *etag)
{
    size_t length = strlen(etag);
    while (header && *header) {
        header += strspn(header, " \t,");
        if (*header == '*')
            return true;
        if (strncmp(header, "W/", 2) == 0)
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

/* Is the weight in the parameters (";q=0.5") above zero? */
static bool weight_above_zero(const char *parameters, size_t length)
{
    const char *end = parameters + length;
    const char *q = memchr(parameters, '=', length);
    if (!q)
        return true;
    while (++q < end)
        if (*q >= '1' && *q <= '9')
            return true;
    return false;
}

bool accepts_gzip(const char *header)
{
    bool any = false;
    while (header && *header) {
        header += strspn(header, " \t,");
        size_t length = strcspn(header, ",");
        size_t name = strcspn(header, " \t,;");
        bool wanted = weight_above_zero(header + name, length - name);
        if ((name == 4 && strncasecmp(header, "gzip", 4) == 0) ||
            (name == 6 && strncasecmp(header, "x-gzip", 6) == 0))
            return wanted;
        if (name == 1 && *header == '*')
            any = wanted;
        header += length;
    }
    return any;
}
