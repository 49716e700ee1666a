#ifndef R3E_WORKER_JSON_ARENA_H
#define R3E_WORKER_JSON_ARENA_H
/* cJSON with its memory from an arena: a page's tree is built fast, bounded, and dropped at once.
 *
 * cJSON's allocation hooks carry no context, so the arena in use is a variable of this module, set only while
 * json_arena_parse runs. Everything else that uses cJSON in this process (the protocol) gets the heap. */
#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "common/arena.h"

/* Installs the hooks. Once, before the first use of cJSON. */
void json_arena_install(void);

/* Parses `length` bytes. The tree lives in `arena` until its reset and must not be given to cJSON_Delete or
 * any function of cJSON that changes it. NULL: not JSON, nested deeper than CJSON_NESTING_LIMIT, or the arena
 * is full. `*stopped_at` is where the parser stopped: on success the first byte behind the value. */
cJSON *json_arena_parse(struct arena *arena, const char *bytes, size_t length, size_t *stopped_at);

/* True if the last json_arena_parse wanted more memory than the arena had. */
bool json_arena_was_full(void);

#endif
