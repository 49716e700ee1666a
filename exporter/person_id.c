#include "exporter/person_id.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* So many digits always fit. */
#define DIGITS_MAX 19u

int text_compare(struct text left, struct text right)
{
    uint32_t common = left.length < right.length ? left.length : right.length;
    int order = common ? memcmp(left.data, right.data, common) : 0;
    return order ? order : (left.length > right.length) - (left.length < right.length);
}

uint64_t text_prefix(struct text text)
{
    uint64_t prefix = 0;
    for (uint32_t i = 0; i < sizeof prefix; i++)
        prefix = prefix << 8 | (i < text.length ? (uint8_t)text.data[i] : 0);
    return prefix;
}

static struct text without_zeros(struct text digits)
{
    while (digits.length > 1 && digits.data[0] == '0') {
        digits.data++;
        digits.length--;
    }
    return digits;
}

static uint64_t number_of(struct text digits)
{
    uint64_t number = 0;
    if (digits.length > DIGITS_MAX)
        return UINT64_MAX;
    for (uint32_t i = 0; i < digits.length; i++)
        number = number * 10 + (uint64_t)(digits.data[i] - '0');
    return number;
}

static bool all_digits(struct text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return true;
}

struct person_id person_id_make(struct text path_id, struct text lowered_name)
{
    if (!path_id.length || !all_digits(path_id))
        return (struct person_id){.value = text_prefix(lowered_name), .is_name = true, .text = lowered_name};
    struct text digits = without_zeros(path_id);
    return (struct person_id){
        .value = number_of(digits),
        .exact = digits.length == path_id.length && digits.length <= DIGITS_MAX,
        .text = path_id,
    };
}

int person_id_compare_values(const struct person_id *left, const struct person_id *right)
{
    if (left->is_name != right->is_name)
        return left->is_name ? 1 : -1;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    if (left->exact == right->exact)
        return 0;
    /* The other one is the same number with zeroes before it: `007` comes before `7`, but `0` before `00`. */
    return left->exact == (left->value == 0) ? -1 : 1;
}

int person_id_compare(const struct person_id *left, const struct person_id *right)
{
    int order = person_id_compare_values(left, right);
    if (order || left->exact)
        return order;
    if (!left->is_name) {
        struct text a = without_zeros(left->text), b = without_zeros(right->text);
        if (a.length != b.length)
            return a.length < b.length ? -1 : 1;
        if ((order = text_compare(a, b)))
            return order;
    }
    return text_compare(left->text, right->text);
}

uint64_t person_id_hash(const struct person_id *id)
{
    if (id->exact)
        return XXH3_64bits(&id->value, sizeof id->value);
    return XXH3_64bits_withSeed(id->text.data, id->text.length, id->is_name ? 1 : 2);
}
