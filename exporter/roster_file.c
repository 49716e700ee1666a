#include "exporter/roster_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
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

struct batch {
    const struct roster_file_plan *plans;
    struct ledger *ledger;
    struct writing *writings; /* by plan */
};

static bool describe(void *context, uint32_t number, char path[static PATH_MAX], struct item_list *list)
{
    struct batch *batch = context;
    const struct roster_file_plan *plan = &batch->plans[number];
    struct writing *writing = &batch->writings[number];
    const struct roster *roster = &batch->ledger->rosters[plan->file->kind];
    *writing = (struct writing){.file = plan->file, .ledger = batch->ledger};
    roster_groups_add(&writing->groups, roster, plan->ranges[0], plan->ranges[1]);
    roster_groups_add(&writing->groups, roster, plan->ranges[2], plan->ranges[3]);
    memcpy(path, plan->path, sizeof plan->path);
    *list = (struct item_list){
        .context = writing,
        .count = writing->groups.count,
        .head = text_of(plan->file->head),
        .tail = text_of(plan->file->tail),
        .digest = digest,
        .size = size,
        .append = append,
        .open = open_reader,
        .close = close_reader,
    };
    return true;
}

bool roster_files_write(struct publication *publication, const struct roster_file_plan *plans, uint32_t count,
    struct ledger *ledger, unsigned threads)
{
    struct batch batch = {plans, ledger, memory_zalloc(count, sizeof *batch.writings)};
    const struct item_files files = {.context = &batch, .count = count, .describe = describe};
    bool written = item_files_write(publication, &files, threads, ledger->guard);
    for (uint32_t i = 0; i < count; i++)
        roster_groups_free(&batch.writings[i].groups);
    free(batch.writings);
    return written;
}
