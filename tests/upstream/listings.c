#include "tests/upstream/listings.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum {
    LISTING_COUNT_MAX = 1500, // what the real service honours
    LISTING_COUNT_DEFAULT = 20,
};

static bool parse_argument(
    struct MHD_Connection *connection, const char *name, const char *prefix, uint32_t *number)
{
    const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
    if (!text)
        return false;
    size_t prefix_length = strlen(prefix);
    if (strncmp(text, prefix, prefix_length) != 0 || text[prefix_length] < '0' || text[prefix_length] > '9')
        return false;
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(text + prefix_length, &end, 10);
    if (errno != 0 || *end != '\0' || value > INT32_MAX)
        return false;
    *number = (uint32_t)value;
    return true;
}

struct listing listing_parse(struct MHD_Connection *connection)
{
    struct listing listing = {.count = LISTING_COUNT_DEFAULT};
    listing.valid = parse_argument(connection, "track", "", &listing.track_id) &&
                    parse_argument(connection, "car_class", "class-", &listing.class_id);
    parse_argument(connection, "start", "", &listing.start);
    parse_argument(connection, "count", "", &listing.count);
    if (listing.count > LISTING_COUNT_MAX)
        listing.count = LISTING_COUNT_MAX;
    listing.redirected = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "redirected") != NULL;
    const char *requested_with = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Requested-With");
    listing.scripted = requested_with && strcasecmp(requested_with, "XMLHttpRequest") == 0;
    return listing;
}

static uint32_t find_board(const struct world *world, const struct listing *listing)
{
    const struct catalogue *catalogue = world->catalogue;
    ptrdiff_t track = catalogue_find(catalogue->tracks, catalogue->track_count, listing->track_id);
    ptrdiff_t class = catalogue_find(catalogue->classes, catalogue->class_count, listing->class_id);
    return track < 0 || class < 0 ? PAGE_NO_BOARD : world_board(world, (size_t)track, (size_t) class);
}

void listing_reply_html(struct reply *reply, const char *session)
{
    reply->status = 200;
    reply->content_type = "text/html; charset=UTF-8";
    text_append_string(&reply->body,
        "<!DOCTYPE html>\n<html><head><title>Leaderboards - RaceRoom</title></head>"
        "<body><div id=\"leaderboard\"></div></body></html>\n");
    if (session)
        reply_add_header(reply, "Set-Cookie", "PHPSESSID=%.100s; path=/; HttpOnly", session);
}

void listing_reply_too_many(struct reply *reply, const struct options *options)
{
    reply_error(reply, 429, "Too Many Requests");
    if (options->retry_after == RETRY_AFTER_SECONDS)
        reply_add_header(reply, "Retry-After", "%u", options->retry_after_s);
    else if (options->retry_after == RETRY_AFTER_DATE)
        reply_add_retry_date(reply, options->retry_after_s);
}

// The request's path with its arguments, as far as a redirect needs them; NUL-terminated.
static void append_target(struct text *target, const struct listing *listing)
{
    text_append_format(target, LISTING_PATH "?track=%u&car_class=class-%u&start=%u&count=%u",
        listing->track_id, listing->class_id, listing->start, listing->count);
    text_append(target, "", 1);
}

// True: a fault applies, and its answer is composed.
static bool reply_if_faulty(struct reply *reply, const struct listing *listing, const struct options *options,
    const struct world *world, const struct page_request *page, unsigned port)
{
    struct fault fault;
    if (page->shown == PAGE_NO_BOARD || listing->redirected ||
        !faults_take(options->faults, listing->track_id, listing->class_id, page->shown, world->board_count,
            options->world.seed, &fault))
        return false;
    struct text target = {0};
    append_target(&target, listing);
    reply_fault(reply, world, page, &fault, target.data, port);
    text_free(&target);
    return true;
}

void listing_reply(struct reply *reply, const struct listing *listing, const struct options *options,
    const struct world *world, unsigned port)
{
    if (!listing->scripted) {
        listing_reply_html(reply, NULL);
        return;
    }
    if (!listing->valid) {
        reply_error(reply, 400, "Bad Request");
        return;
    }
    struct page_request page = {.track_id = listing->track_id,
        .class_id = listing->class_id,
        .shown = find_board(world, listing),
        .start = listing->start,
        .count = listing->count,
        .percent = 100};
    if (!reply_if_faulty(reply, listing, options, world, &page, port))
        reply_listing(reply, world, &page);
}
