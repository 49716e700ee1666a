#include "common/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/pack_reader.h"
#include "common/pack_writer.h"
#include "common/unicode.h"

#define ENCODED_FORMAT 1

/* Every name at its longest, with the arena's own needs. */
#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

struct catalogue catalogue_make(void)
{
    return (struct catalogue){.arena = arena_make(ARENA_BYTES)};
}

void catalogue_free(struct catalogue *catalogue)
{
    for (uint32_t i = 0; i < catalogue->superclass_count; i++)
        free(catalogue->superclasses[i].class_ids);
    free(catalogue->superclasses);
    free(catalogue->tracks.items);
    free(catalogue->classes.items);
    arena_free(&catalogue->arena);
    *catalogue = catalogue_make();
}

/* The place of the first item whose id is not below `id`. */
static uint32_t lower_bound(const struct catalogue_items *items, uint32_t id)
{
    uint32_t low = 0;
    uint32_t high = items->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (items->items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct catalogue_item *find(const struct catalogue_items *items, uint32_t id)
{
    uint32_t place = lower_bound(items, id);
    return place < items->count && items->items[place].id == id ? &items->items[place] : NULL;
}

const struct catalogue_item *catalogue_find_track(const struct catalogue *catalogue, uint32_t id)
{
    return find(&catalogue->tracks, id);
}

const struct catalogue_item *catalogue_find_class(const struct catalogue *catalogue, uint32_t id)
{
    return find(&catalogue->classes, id);
}

static const char *name_problem(const char *name, size_t length)
{
    if (length == 0)
        return "is an empty name; allowed: 1 to 200 bytes";
    if (length > CATALOGUE_NAME_MAX)
        return "is a name that is too long; allowed: 1 to 200 bytes";
    if (!unicode_is_valid((struct text){name, (uint32_t)length}))
        return "is a name that is not valid UTF-8";
    if (unicode_has_control((struct text){name, (uint32_t)length}))
        return "is a name with a control character";
    return NULL;
}

/* Room for one more element of `size` bytes; the array may move. */
static void *grow(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 16;
    return memory_resize(array, *capacity, size);
}

const char *catalogue_add_item(
    struct catalogue *catalogue, struct catalogue_items *items, int64_t id, const char *name, size_t length)
{
    if (id < 1 || id > (int64_t)CATALOGUE_ID_MAX)
        return "is an id out of range; allowed: 1 to 2147483647";
    const char *problem = name_problem(name, length);
    if (problem)
        return problem;
    if (find(items, (uint32_t)id))
        return "is an id that stands there twice";
    if (items->count == CATALOGUE_ITEMS_MAX)
        return "is one too many; allowed: at most 5000";
    char *copy = arena_copy(&catalogue->arena, name, length);
    if (!copy)
        return "does not fit into memory";
    items->items = grow(items->items, items->count, &items->capacity, sizeof(*items->items));
    uint32_t place = lower_bound(items, (uint32_t)id);
    memmove(&items->items[place + 1], &items->items[place], (items->count - place) * sizeof(*items->items));
    items->items[place] = (struct catalogue_item){(uint32_t)id, copy};
    items->count++;
    return NULL;
}

const char *catalogue_add_superclass(
    struct catalogue *catalogue, const char *name, size_t length, uint32_t *place)
{
    const char *problem = name_problem(name, length);
    if (problem)
        return problem;
    if (catalogue->superclass_count == CATALOGUE_SUPERCLASSES_MAX)
        return "is one too many; allowed: at most 500";
    char *copy = arena_copy(&catalogue->arena, name, length);
    if (!copy)
        return "does not fit into memory";
    uint32_t count = catalogue->superclass_count;
    uint32_t before = 0;
    while (before < count && strcmp(catalogue->superclasses[before].name, copy) < 0)
        before++;
    if (before < count && strcmp(catalogue->superclasses[before].name, copy) == 0)
        return "is a name that stands there twice";
    struct catalogue_superclass *list =
        grow(catalogue->superclasses, count, &catalogue->superclass_capacity, sizeof(*list));
    memmove(&list[before + 1], &list[before], (count - before) * sizeof(*list));
    list[before] = (struct catalogue_superclass){.name = copy};
    catalogue->superclasses = list;
    catalogue->superclass_count++;
    *place = before;
    return NULL;
}

const char *catalogue_add_member(struct catalogue *catalogue, uint32_t superclass, int64_t class_id)
{
    struct catalogue_superclass *target = &catalogue->superclasses[superclass];
    if (class_id < 1 || class_id > (int64_t)CATALOGUE_ID_MAX)
        return "is an id out of range; allowed: 1 to 2147483647";
    if (catalogue->member_count == CATALOGUE_MEMBERS_MAX)
        return "is one too many; allowed: at most 5000 in all superclasses together";
    uint32_t count = target->class_count;
    uint32_t before = 0;
    while (before < count && target->class_ids[before] < class_id)
        before++;
    if (before < count && target->class_ids[before] == class_id)
        return "is an id that stands there twice";
    target->class_ids = grow(target->class_ids, count, &target->class_capacity, sizeof(uint32_t));
    memmove(&target->class_ids[before + 1], &target->class_ids[before], (count - before) * sizeof(uint32_t));
    target->class_ids[before] = (uint32_t)class_id;
    target->class_count++;
    catalogue->member_count++;
    return NULL;
}

/* ---- the store's form ---- */

static void encode_items(msgpack_packer *packer, const struct catalogue_items *items)
{
    pack_write_array(packer, items->count * 2);
    for (uint32_t i = 0; i < items->count; i++) {
        const char *name = items->items[i].name;
        pack_write_uint(packer, items->items[i].id);
        pack_write_text(packer, (struct text){name, (uint32_t)strlen(name)});
    }
}

void catalogue_encode(const struct catalogue *catalogue, struct buffer *out)
{
    msgpack_packer packer = pack_writer_make(out);
    pack_write_array(&packer, 4);
    pack_write_uint(&packer, ENCODED_FORMAT);
    encode_items(&packer, &catalogue->tracks);
    encode_items(&packer, &catalogue->classes);
    pack_write_array(&packer, catalogue->superclass_count * 2);
    for (uint32_t i = 0; i < catalogue->superclass_count; i++) {
        const struct catalogue_superclass *superclass = &catalogue->superclasses[i];
        pack_write_text(&packer, (struct text){superclass->name, (uint32_t)strlen(superclass->name)});
        pack_write_array(&packer, superclass->class_count);
        for (uint32_t j = 0; j < superclass->class_count; j++)
            pack_write_uint(&packer, superclass->class_ids[j]);
    }
}

static const char *decode_items(
    struct pack_reader *reader, struct catalogue *catalogue, struct catalogue_items *items)
{
    uint32_t count = pack_read_array(reader, CATALOGUE_ITEMS_MAX * 2);
    const char *problem = count % 2 ? "has an id without a name" : NULL;
    for (uint32_t i = 0; i + 1 < count && !problem && !reader->failed; i += 2) {
        uint64_t id = pack_read_uint(reader, CATALOGUE_ID_MAX);
        struct text name = pack_read_text(reader, CATALOGUE_NAME_MAX);
        if (!reader->failed)
            problem = catalogue_add_item(catalogue, items, (int64_t)id, name.data, name.length);
    }
    return problem;
}

static const char *decode_superclasses(struct pack_reader *reader, struct catalogue *catalogue)
{
    uint32_t count = pack_read_array(reader, CATALOGUE_SUPERCLASSES_MAX * 2);
    const char *problem = count % 2 ? "has a superclass without classes" : NULL;
    for (uint32_t i = 0; i + 1 < count && !problem && !reader->failed; i += 2) {
        struct text name = pack_read_text(reader, CATALOGUE_NAME_MAX);
        uint32_t members = pack_read_array(reader, CATALOGUE_MEMBERS_MAX);
        uint32_t place = 0;
        if (!reader->failed)
            problem = catalogue_add_superclass(catalogue, name.data, name.length, &place);
        for (uint32_t j = 0; j < members && !problem && !reader->failed; j++) {
            uint64_t id = pack_read_uint(reader, CATALOGUE_ID_MAX);
            if (!reader->failed)
                problem = catalogue_add_member(catalogue, place, (int64_t)id);
        }
    }
    return problem;
}

bool catalogue_decode(const void *bytes, size_t length, struct catalogue *catalogue, const char **problem)
{
    *catalogue = catalogue_make();
    struct pack_reader reader = pack_reader_make(bytes, length);
    if (pack_read_array(&reader, 4) != 4 || pack_read_uint(&reader, ENCODED_FORMAT) != ENCODED_FORMAT) {
        *problem = "is not a catalogue of a format we know";
        return false;
    }
    *problem = decode_items(&reader, catalogue, &catalogue->tracks);
    if (!*problem)
        *problem = decode_items(&reader, catalogue, &catalogue->classes);
    if (!*problem)
        *problem = decode_superclasses(&reader, catalogue);
    if (!*problem && !pack_reader_finished(&reader))
        *problem = "is broken off, damaged or followed by something";
    return !*problem;
}
