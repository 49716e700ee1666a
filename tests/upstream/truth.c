#include "tests/upstream/truth.h"

#include "tests/upstream/page.h"

#include <errno.h>
#include <stdio.h>

static void append_board(struct text *line, const struct world *world, size_t track, size_t class)
{
    const struct catalogue_item *track_item = &world->catalogue->tracks[track];
    const struct catalogue_item *class_item = &world->catalogue->classes[class];
    text_append_format(line, "{\"track_id\":%u,\"track_name\":\"", track_item->id);
    text_append_json(line, track_item->name, strlen(track_item->name), ESCAPE_PLAIN);
    text_append_format(line, "\",\"class_id\":%u,\"class_name\":\"", class_item->id);
    text_append_json(line, class_item->name, strlen(class_item->name), ESCAPE_PLAIN);
    text_append_string(line, "\",\"results\":[");
    uint32_t board = world_board(world, track, class);
    struct page_request all = {.shown = board, .count = UINT32_MAX, .percent = 100};
    page_append_rows(line, world, &all);
    text_append_string(line, "]}\n");
}

bool truth_write(const struct world *world, const char *file)
{
    bool to_stdout = strcmp(file, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(file, "we");
    bool written = out != NULL;
    struct text line = {0};
    for (size_t track = 0; written && track < world->catalogue->track_count; track++) {
        for (size_t class = 0; written && class < world->catalogue->class_count; class ++) {
            line.length = 0;
            append_board(&line, world, track, class);
            written = fwrite(line.data, 1, line.length, out) == line.length;
        }
    }
    text_free(&line);
    if (out && (to_stdout ? fflush(out) : fclose(out)) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "r3e-upstream: cannot write the truth to %s: %s\n", file, strerror(errno));
    return written;
}
