#include "tests/upstream/robots.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

bool robots_read(struct robots *robots, const char *file)
{
    enum { PART = 4096, ROBOTS_MAX = 1 << 20 };
    if (!file) {
        text_append_string(&robots->text, "User-agent: *\nDisallow:\n");
        return true;
    }
    FILE *in = fopen(file, "re");
    size_t length = PART;
    while (in && length == PART && robots->text.length < ROBOTS_MAX) {
        text_reserve(&robots->text, PART);
        length = fread(robots->text.data + robots->text.length, 1, PART, in);
        robots->text.length += length;
    }
    bool read = in && !ferror(in);
    if (!read)
        fprintf(stderr, "r3e-upstream: cannot read %s: %s\n", file, strerror(errno));
    if (in)
        fclose(in);
    return read;
}

void robots_free(struct robots *robots)
{
    text_free(&robots->text);
}

void robots_reply(struct robots *robots, struct reply *reply, const struct options *options)
{
    if (options->robots_status && robots->requests++ < options->robots_count) {
        reply_error(reply, options->robots_status, "As Told");
        if (options->robots_status == MHD_HTTP_FOUND)
            reply_add_header(reply, "Location", "/robots.txt");
        return;
    }
    reply->content_type = "text/plain";
    text_append(&reply->body, robots->text.data, robots->text.length);
}
