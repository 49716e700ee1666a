#include "exporter/drivers.h"

#include <stdlib.h>
#include <string.h>

#include "common/board.h"
#include "common/memory.h"
#include "common/unicode.h"

/* Composing grows a text by at most this factor (Unicode, "Normalization Charts": 3 in UTF-8), as lower case
 * does by less. */
#define KEY_MAX ((size_t)BOARD_TEXT_MAX * 3 * 3)

struct drivers drivers_make(void)
{
    return (struct drivers){
        .names = string_pool_make(),
        .keys = string_pool_make(),
        .composed = buffer_make(KEY_MAX),
        .lowered = buffer_make(KEY_MAX),
    };
}

void drivers_free(struct drivers *drivers)
{
    string_pool_free(&drivers->names);
    string_pool_free(&drivers->keys);
    free(drivers->key_of_name);
    free(drivers->rows_of_key);
    free(drivers->key_of_rank);
    free(drivers->rank_of_key);
    buffer_free(&drivers->composed);
    buffer_free(&drivers->lowered);
}

static struct text text_of(const struct buffer *buffer)
{
    return (struct text){(const char *)buffer->data, (uint32_t)buffer->length};
}

static struct text key_of(struct drivers *drivers, struct text name)
{
    buffer_clear(&drivers->composed);
    buffer_clear(&drivers->lowered);
    unicode_append_nfc(&drivers->composed, name);
    unicode_append_lower(&drivers->lowered, text_of(&drivers->composed));
    return text_of(&drivers->lowered);
}

static uint32_t *grown(uint32_t *array, uint32_t *capacity, uint32_t wanted)
{
    if (wanted <= *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 1024;
    return memory_resize(array, *capacity, sizeof *array);
}

static void add_name(struct drivers *drivers, uint32_t name)
{
    bool is_new;
    uint32_t key =
        string_pool_add(&drivers->keys, key_of(drivers, string_pool_text(&drivers->names, name)), &is_new);
    if (is_new) {
        drivers->rows_of_key = grown(drivers->rows_of_key, &drivers->rows_of_key_capacity, key + 1);
        drivers->rows_of_key[key] = 0;
    }
    drivers->key_of_name = grown(drivers->key_of_name, &drivers->key_of_name_capacity, name + 1);
    drivers->key_of_name[name] = key;
}

uint32_t drivers_add(struct drivers *drivers, struct text name)
{
    bool is_new;
    uint32_t number = string_pool_add(&drivers->names, name, &is_new);
    if (is_new)
        add_name(drivers, number);
    drivers->rows_of_key[drivers->key_of_name[number]]++;
    return number;
}

/* The first eight bytes decide nearly every comparison, without a look at the string. */
struct sort_item {
    uint64_t prefix;
    uint32_t key;
};

static uint64_t prefix_of(struct text key)
{
    uint64_t prefix = 0;
    for (uint32_t i = 0; i < sizeof prefix; i++)
        prefix = prefix << 8 | (i < key.length ? (uint8_t)key.data[i] : 0);
    return prefix;
}

static int compare_keys(const void *left, const void *right, void *context)
{
    const struct sort_item *a = left, *b = right;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    struct text x = string_pool_text(context, a->key), y = string_pool_text(context, b->key);
    int order = memcmp(x.data, y.data, x.length < y.length ? x.length : y.length);
    return order ? order : (x.length > y.length) - (x.length < y.length);
}

void drivers_sort(struct drivers *drivers)
{
    uint32_t count = drivers->keys.count;
    struct sort_item *items = memory_zalloc(count, sizeof *items);
    for (uint32_t key = 0; key < count; key++)
        items[key] = (struct sort_item){prefix_of(string_pool_text(&drivers->keys, key)), key};
    qsort_r(items, count, sizeof *items, compare_keys, &drivers->keys);
    drivers->key_of_rank = memory_zalloc(count, sizeof *drivers->key_of_rank);
    drivers->rank_of_key = memory_zalloc(count, sizeof *drivers->rank_of_key);
    for (uint32_t rank = 0; rank < count; rank++) {
        drivers->key_of_rank[rank] = items[rank].key;
        drivers->rank_of_key[items[rank].key] = rank;
    }
    free(items);
}
