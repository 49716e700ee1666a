#include "exporter/statistics_scopes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/unicode.h"

/* No longer than the name: what becomes a letter or a `_` was a byte at least. */
#define SLUG_SIZE (CATALOGUE_NAME_MAX + 2)

struct statistics_class {
    uint32_t id;
    uint32_t first, count; /* in `members`; count 0: an empty slot */
};

const char *statistics_scope_type_name(enum statistics_scope_type type)
{
    static const char *const names[] = {
#define TYPE(name, text, folder) text,
        STATISTICS_SCOPE_TYPES(TYPE)
#undef TYPE
    };
    return names[type];
}

const char *statistics_scope_folder(enum statistics_scope_type type)
{
    static const char *const folders[] = {
#define TYPE(name, text, folder) STATISTICS_FOLDER "/" folder,
        STATISTICS_SCOPE_TYPES(TYPE)
#undef TYPE
    };
    return folders[type];
}

/* ---- the scopes and their ids ---- */

static void __attribute__((format(printf, 2, 3)))
set_id(struct statistics_scope *scope, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(scope->id, sizeof scope->id, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof scope->id)
        log_bug("statistics: an id is longer than %zu bytes", sizeof scope->id);
}

/* Lower case, every run of other than a–z and 0–9 as one `_`, none at the ends (FORMATS). */
static void slug_of(const char *name, char slug[static SLUG_SIZE])
{
    struct buffer lowered = buffer_make((size_t)CATALOGUE_NAME_MAX * 4);
    size_t length = 0;
    bool gap = false;
    unicode_append_lower(&lowered, (struct text){name, (uint32_t)strlen(name)});
    for (size_t i = 0; i < lowered.length && length < CATALOGUE_NAME_MAX; i++) {
        char letter = (char)lowered.data[i];
        if ((letter < 'a' || letter > 'z') && (letter < '0' || letter > '9')) {
            gap = true;
            continue;
        }
        if (gap && length)
            slug[length++] = '_';
        slug[length++] = letter;
        gap = false;
    }
    slug[length] = 0;
    buffer_free(&lowered);
}

/* Whether `id` is `other` with _avg behind it: then its files by bested would be the other's by avg_bested.
 */
static bool is_average_of(const char *id, const char *other)
{
    size_t length = strlen(other);
    return strncmp(id, other, length) == 0 && strcmp(id + length, "_avg") == 0;
}

static bool is_taken(const struct statistics_scopes *scopes, const struct statistics_scope *scope)
{
    const struct statistics_scope *other = scopes->scopes + scopes->first_superclass;
    for (; other < scope; other++) {
        if (strcmp(other->id, scope->id) == 0 || is_average_of(other->id, scope->id) ||
            is_average_of(scope->id, other->id))
            return true;
    }
    return false;
}

/* Several names can have one slug, or slugs that share a file; the later ones are numbered. */
static void set_slug(const struct statistics_scopes *scopes, struct statistics_scope *scope)
{
    char slug[SLUG_SIZE];
    slug_of(scope->name, slug);
    set_id(scope, "%s", slug);
    for (unsigned number = 2; is_taken(scopes, scope); number++)
        set_id(scope, "%s_%u", slug, number);
}

static int compare_ids(const void *left, const void *right)
{
    return strcmp(((const struct statistics_scope *)left)->id, ((const struct statistics_scope *)right)->id);
}

static void add_scopes(
    struct statistics_scopes *scopes, const struct catalogue *catalogue, bool all_are_touched)
{
    uint32_t classes = catalogue->classes.count;
    scopes->first_class = 1;
    scopes->first_superclass = 1 + classes;
    scopes->count = scopes->first_superclass + catalogue->superclass_count;
    scopes->scopes = memory_zalloc(scopes->count, sizeof *scopes->scopes);
    scopes->scopes[0] = (struct statistics_scope){.id = "overall", .name = "Overall", .touched = true};
    for (uint32_t i = 0; i < classes; i++) {
        struct statistics_scope *scope = &scopes->scopes[scopes->first_class + i];
        *scope = (struct statistics_scope){.type = STATISTICS_SCOPE_CLASS,
            .name = catalogue->classes.items[i].name,
            .touched = all_are_touched};
        set_id(scope, "%" PRIu32, catalogue->classes.items[i].id);
    }
    if (classes)
        qsort(scopes->scopes + scopes->first_class, classes, sizeof *scopes->scopes, compare_ids);
    for (uint32_t i = 0; i < catalogue->superclass_count; i++) {
        struct statistics_scope *scope = &scopes->scopes[scopes->first_superclass + i];
        *scope = (struct statistics_scope){.type = STATISTICS_SCOPE_SUPERCLASS,
            .name = catalogue->superclasses[i].name,
            .touched = all_are_touched};
        set_slug(scopes, scope);
    }
}

/* ---- which class belongs where ---- */

static struct statistics_class *slot_of(const struct statistics_scopes *scopes, uint32_t class_id)
{
    uint32_t mask = scopes->class_slots - 1;
    uint32_t at = class_id * UINT32_C(2654435769) >> 7; /* Knuth's multiplicative hashing */
    for (;; at++) {
        struct statistics_class *slot = &scopes->classes[at & mask];
        if (!slot->count || slot->id == class_id)
            return slot;
    }
}

static int compare_numbers(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Every pair of class id and scope, as one number each. */
static uint64_t *list_pairs(
    const struct statistics_scopes *scopes, const struct catalogue *catalogue, uint32_t *count)
{
    uint64_t *pairs = memory_zalloc(catalogue->classes.count + catalogue->member_count, sizeof *pairs);
    *count = 0;
    for (uint32_t place = scopes->first_class; place < scopes->first_superclass; place++)
        pairs[(*count)++] = (uint64_t)strtoul(scopes->scopes[place].id, NULL, 10) << 32 | place;
    for (uint32_t i = 0; i < catalogue->superclass_count; i++) {
        const struct catalogue_superclass *superclass = &catalogue->superclasses[i];
        for (uint32_t k = 0; k < superclass->class_count; k++)
            pairs[(*count)++] = (uint64_t)superclass->class_ids[k] << 32 | (scopes->first_superclass + i);
    }
    if (*count)
        qsort(pairs, *count, sizeof *pairs, compare_numbers);
    return pairs;
}

static void add_members(struct statistics_scopes *scopes, const struct catalogue *catalogue)
{
    uint32_t count;
    uint64_t *pairs = list_pairs(scopes, catalogue, &count);
    scopes->class_slots = 64;
    while (scopes->class_slots < count * 2)
        scopes->class_slots *= 2;
    scopes->classes = memory_zalloc(scopes->class_slots, sizeof *scopes->classes);
    scopes->members = memory_zalloc(count, sizeof *scopes->members);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t class_id = (uint32_t)(pairs[i] >> 32);
        struct statistics_class *slot = slot_of(scopes, class_id);
        if (!slot->count)
            *slot = (struct statistics_class){.id = class_id, .first = i};
        scopes->members[slot->first + slot->count++] = (uint32_t)pairs[i];
    }
    free(pairs);
}

const uint32_t *statistics_scopes_of(
    const struct statistics_scopes *scopes, uint32_t class_id, uint32_t *count)
{
    const struct statistics_class *slot = slot_of(scopes, class_id);
    *count = slot->count;
    return scopes->members + slot->first;
}

static const struct statistics_scope *find_class(const struct statistics_scopes *scopes, const char *id)
{
    uint32_t count = scopes->first_superclass - scopes->first_class;
    struct statistics_scope key = {0};
    if (!count || snprintf(key.id, sizeof key.id, "%s", id) >= (int)sizeof key.id)
        return NULL;
    return bsearch(&key, scopes->scopes + scopes->first_class, count, sizeof key, compare_ids);
}

static const struct statistics_scope *find_superclass(const struct statistics_scopes *scopes, const char *id)
{
    for (uint32_t place = scopes->first_superclass; place < scopes->count; place++) {
        if (strcmp(scopes->scopes[place].id, id) == 0)
            return &scopes->scopes[place];
    }
    return NULL;
}

const struct statistics_scope *statistics_scopes_find(
    const struct statistics_scopes *scopes, enum statistics_scope_type type, const char *id)
{
    const struct statistics_scope *scope =
        type == STATISTICS_SCOPE_CLASS ? find_class(scopes, id) : find_superclass(scopes, id);
    return scope && scope->has_entries ? scope : NULL;
}

/* ---- from the boards ---- */

static void add_board(struct statistics_scope *scope, const struct snapshot_board *board)
{
    if (!scope->has_entries || scope->changed_at_ms < board->changed_at_ms)
        scope->changed_at_ms = board->changed_at_ms;
    scope->has_entries = true;
}

struct statistics_scopes statistics_scopes_make(const struct catalogue *catalogue,
    const struct snapshot_board *boards, uint32_t board_count, const struct statistics_touched *touched)
{
    struct statistics_scopes scopes = {0};
    uint32_t count;
    add_scopes(&scopes, catalogue, !touched);
    add_members(&scopes, catalogue);
    for (uint32_t i = 0; i < board_count; i++) {
        if (boards[i].broken || !boards[i].entry_count)
            continue;
        add_board(&scopes.scopes[0], &boards[i]);
        const uint32_t *places = statistics_scopes_of(&scopes, boards[i].class_id, &count);
        for (uint32_t k = 0; k < count; k++)
            add_board(&scopes.scopes[places[k]], &boards[i]);
    }
    for (uint32_t i = 0; touched && i < touched->count; i++) {
        const uint32_t *places = statistics_scopes_of(&scopes, touched->class_ids[i], &count);
        for (uint32_t k = 0; k < count; k++)
            scopes.scopes[places[k]].touched = true;
    }
    return scopes;
}

void statistics_scopes_free(struct statistics_scopes *scopes)
{
    free(scopes->scopes);
    free(scopes->classes);
    free(scopes->members);
    *scopes = (struct statistics_scopes){0};
}
