#include "exporter/roster_file.h"

#include <string.h>

#include "exporter/item_file.h"

struct writing {
    const struct roster_file *file;
    struct ledger *ledger;
    struct roster_groups groups;
};

static uint64_t digest(void *context, uint64_t item)
{
    const struct writing *writing = context;
    return group_reader_digest(
        writing->ledger, writing->file->kind, writing->groups.starts[item], writing->file->rows);
}

static uint32_t size(void *context, uint64_t item)
{
    const struct writing *writing = context;
    const struct roster *roster = &writing->ledger->rosters[writing->file->kind];
    uint32_t first = writing->groups.starts[item], end = roster_group_end(roster, first);
    uint64_t count = end - first;
    for (uint32_t i = first; i < end && writing->file->rows; i++)
        count += writing->ledger->persons[roster->items[i].person].row_count - 1;
    uint64_t bytes = writing->file->item_bytes + count * writing->file->each_bytes;
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

static void *open_reader(void *context)
{
    const struct writing *writing = context;
    return group_reader_open(writing->ledger, writing->file->kind);
}

static void close_reader(void *state)
{
    group_reader_close(state);
}

static bool append(void *context, void *state, uint64_t item, struct buffer *out)
{
    const struct writing *writing = context;
    struct group_reader *reader = state;
    if (!group_reader_read(reader, writing->groups.starts[item], writing->file->rows))
        return false;
    writing->file->append(reader, out);
    return true;
}

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

bool roster_file_write(struct publication *publication, const char *path, const struct roster_file *file,
    struct ledger *ledger, const uint32_t ranges[static 4], unsigned threads)
{
    struct writing writing = {.file = file, .ledger = ledger};
    const struct roster *roster = &ledger->rosters[file->kind];
    roster_groups_add(&writing.groups, roster, ranges[0], ranges[1]);
    roster_groups_add(&writing.groups, roster, ranges[2], ranges[3]);
    const struct item_list list = {
        .context = &writing,
        .count = writing.groups.count,
        .head = text_of(file->head),
        .tail = text_of(file->tail),
        .digest = digest,
        .size = size,
        .append = append,
        .open = open_reader,
        .close = close_reader,
    };
    bool written = item_file_write(publication, path, &list, threads, ledger->guard);
    roster_groups_free(&writing.groups);
    return written;
}
