#include "exporter/person_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/memory.h"
#include "exporter/string_pool.h"

#define FIRST_CAPACITY 1024u
#define COUNT_MAX      (UINT32_MAX / 4)

struct person_table person_table_make(void)
{
    return (struct person_table){.arena = arena_make(SIZE_MAX)};
}

void person_table_free(struct person_table *table)
{
    arena_free(&table->arena);
    free(table->entries);
    free(table->slots);
    *table = person_table_make();
}

static uint32_t *find_slot(const struct person_table *table, const struct person_id *id)
{
    uint32_t mask = table->slot_count - 1;
    for (uint32_t at = (uint32_t)person_id_hash(id) & mask;; at = (at + 1) & mask) {
        if (!table->slots[at])
            return &table->slots[at];
        const struct person_id *there = &table->entries[table->slots[at] - 1].id;
        if (person_id_compare(there, id) == 0)
            return &table->slots[at];
    }
}

static void grow(struct person_table *table)
{
    if (table->capacity > COUNT_MAX)
        log_fatal("more than %u persons; the store cannot be right", COUNT_MAX);
    table->capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
    table->entries = memory_resize(table->entries, table->capacity, sizeof *table->entries);
    free(table->slots);
    table->slot_count = table->capacity * 2;
    table->slots = memory_zalloc(table->slot_count, sizeof *table->slots);
    for (uint32_t number = 0; number < table->count; number++)
        *find_slot(table, &table->entries[number].id) = number + 1;
}

uint32_t person_table_add(struct person_table *table, const struct person_id *id, bool *is_new)
{
    if (table->count == table->capacity)
        grow(table);
    uint32_t *slot = find_slot(table, id);
    *is_new = !*slot;
    if (*slot)
        return *slot - 1;
    struct person_table_entry *entry = &table->entries[table->count++];
    *entry = (struct person_table_entry){.id = *id, .old = STRING_NONE};
    entry->id.text = (struct text){"", 0};
    if (!id->exact) {
        entry->id.text.data = arena_copy(&table->arena, id->text.data, id->text.length);
        entry->id.text.length = id->text.length;
        if (!entry->id.text.data)
            log_fatal("out of memory for %u persons; raise the memory limit", table->count);
    }
    *slot = table->count;
    return table->count - 1;
}

struct text person_table_text(
    const struct person_table *table, uint32_t number, char digits[static PERSON_TABLE_DIGITS])
{
    const struct person_id *id = &table->entries[number].id;
    if (!id->exact)
        return id->text;
    int length = snprintf(digits, PERSON_TABLE_DIGITS, "%" PRIu64, id->value);
    return (struct text){digits, length > 0 ? (uint32_t)length : 0};
}
