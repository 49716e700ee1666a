#include "coordinator/lease.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/memory.h"

void lease_table_open(struct lease_table *table, uint32_t epoch)
{
    if (epoch >= LEASE_EPOCH_MAX)
        log_bug("lease: epoch %u", epoch);
    *table = (struct lease_table){.first_free = LEASE_NONE, .next_id = ((uint64_t)epoch << 32) + 1};
}

void lease_table_free(struct lease_table *table)
{
    free(table->leases);
    *table = (struct lease_table){.first_free = LEASE_NONE};
}

static void grow(struct lease_table *table)
{
    uint32_t old = table->capacity;
    table->capacity = old ? old * 2 : 16;
    table->leases = memory_resize(table->leases, table->capacity, sizeof *table->leases);
    for (uint32_t place = table->capacity; place-- > old;) {
        table->leases[place] = (struct lease){.next_free = table->first_free};
        table->first_free = place;
    }
}

uint32_t lease_begin(struct lease_table *table, uint32_t plan_place, struct worker *worker, int64_t now_ms,
    int64_t duration_ms)
{
    if (table->first_free == LEASE_NONE)
        grow(table);
    uint32_t place = table->first_free;
    struct lease *lease = &table->leases[place];
    table->first_free = lease->next_free;
    table->count++;
    table->changes++;
    *lease = (struct lease){.id = table->next_id++,
        .plan_place = plan_place,
        .worker = worker,
        .begun_ms = now_ms,
        .granted_ms = now_ms,
        .requests = 1,
        .expires_ms = now_ms + duration_ms,
        .next_free = LEASE_NONE};
    return place;
}

void lease_renew(struct lease_table *table, uint32_t place, int64_t now_ms, int64_t duration_ms)
{
    table->leases[place].expires_ms = now_ms + duration_ms;
}

void lease_end(struct lease_table *table, uint32_t place)
{
    struct lease *lease = &table->leases[place];
    if (!lease->id)
        log_bug("lease: place %u ended twice", place);
    *lease = (struct lease){.next_free = table->first_free};
    table->first_free = place;
    table->count--;
    table->changes++;
}

uint32_t lease_find_expired(const struct lease_table *table, uint32_t from, int64_t now_ms)
{
    for (uint32_t place = from; place < table->capacity; place++)
        if (table->leases[place].id && table->leases[place].expires_ms <= now_ms)
            return place;
    return LEASE_NONE;
}
