#include "exporter/httpd/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything a page needs comes from the site itself. */
#define CONTENT_POLICY                                                                                       \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "    \
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#define PAGE_BEGIN                                                                                           \
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"                                        \
    "<meta name=\"viewport\" content=\"width=device-width\">\n"                                              \
    "<title>RaceRoom leaderboards</title>\n<h1>RaceRoom leaderboards</h1>\n"
#define PAGE_SIZE 512

static const char page_with_data[] = PAGE_BEGIN
    "<p>The published data:</p>\n<ul>\n"
    "<li><a href=\"cache/status.json\">cache/status.json</a>: what there is, and from when\n"
    "<li><a href=\"cache/driver_index.json.gz\">cache/driver_index.json.gz</a>: every driver's results\n"
    "<li><a href=\"cache/top_combinations.json\">cache/top_combinations.json</a>: the largest leaderboards\n"
    "<li>cache/tracks/track_ID/class_ID.json.gz: one leaderboard\n</ul>\n";
static const char page_without_data[] = PAGE_BEGIN "<p>Nothing has been published yet.</p>\n";

static const char text_type[] = "text/plain; charset=utf-8";
static const char html_type[] = "text/html; charset=utf-8";

static struct MHD_Response *typed(struct MHD_Response *response, const char *type, const char *caching)
{
    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, caching);
    }
    return response;
}

/* `text` is a literal. libmicrohttpd wants it writable and does not write (MHD_RESPMEM_PERSISTENT). */
static struct MHD_Response *literal(const char *text)
{
    union {
        const char *in;
        char *out;
    } bytes = {text};
    return MHD_create_response_from_buffer(strlen(text), bytes.out, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *html_error(const char *text)
{
    char page[PAGE_SIZE];
    int length = snprintf(page, sizeof page,
        PAGE_BEGIN "<p>Sorry: %s.</p>\n<p><a href=\"/\">To the start page</a></p>\n", text);
    if (length < 0 || (size_t)length >= sizeof page)
        return NULL;
    return MHD_create_response_from_buffer((size_t)length, page, MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *text_error(const char *text)
{
    char line[PAGE_SIZE];
    int length = snprintf(line, sizeof line, "%s\n", text);
    if (length < 0 || (size_t)length >= sizeof line)
        return NULL;
    return MHD_create_response_from_buffer((size_t)length, line, MHD_RESPMEM_MUST_COPY);
}

struct MHD_Response *page_start(bool has_data)
{
    return typed(literal(has_data ? page_with_data : page_without_data), html_type, "no-cache");
}

struct MHD_Response *page_error(unsigned status, const char *text, bool html)
{
    struct MHD_Response *response = html ? typed(html_error(text), html_type, "no-cache")
                                         : typed(text_error(text), text_type, "no-cache");
    if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (response && status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT);
    return response;
}

struct MHD_Response *page_probe(const char *text)
{
    return typed(text_error(text), text_type, "no-store");
}

void page_add_safety(struct MHD_Response *response)
{
    if (!response)
        return;
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy", CONTENT_POLICY);
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    MHD_add_response_header(response, "X-Frame-Options", "DENY"); /* for browsers without frame-ancestors */
}
