#include "common/config_value_text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Joins the names of a choice: `"a", "b"`. */
static void join_names(const char *const *names, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; names[i] && used < size; i++) {
        int length = snprintf(out + used, size - used, "%s\"%s\"", i ? ", " : "", names[i]);
        assert(length >= 0);
        used += (size_t)length;
    }
}

void config_value_allowed(const struct config_key *key, char *out, size_t size)
{
    const char *empty = key->may_be_empty ? ", or \"\"" : "";
    char names[200] = "";
    int length = 0;
    if (key->names)
        join_names(key->names, names, sizeof(names));
    switch (key->type) {
    case CONFIG_INT:
        length = snprintf(out, size, "an integer from %.0f to %.0f", key->min, key->max);
        break;
    case CONFIG_DOUBLE:
        length = snprintf(out, size, "a number from %g to %g", key->min, key->max);
        break;
    case CONFIG_BOOL:
        length = snprintf(out, size, "true or false");
        break;
    case CONFIG_TEXT:
        length =
            snprintf(out, size, "a string of at most %.0f printable ASCII characters%s", key->max, empty);
        break;
    case CONFIG_PATH:
        length = snprintf(out, size, "a path of at most %.0f bytes%s", key->max, empty);
        break;
    case CONFIG_URL:
        length = snprintf(out, size, "a string \"https://HOST[:PORT][/PATH]\" or \"http://…\"");
        break;
    case CONFIG_ENDPOINT:
        length = snprintf(out, size, "a string \"ipc:///PATH\" or \"tcp://ADDRESS:PORT\"%s", empty);
        break;
    case CONFIG_ADDRESS:
        length = snprintf(out, size, "a string \"ADDRESS:PORT\"%s", empty);
        break;
    case CONFIG_TIME_OF_DAY:
        length = snprintf(out, size, "a string \"HH:MM\" from \"00:00\" to \"23:59\", or \"\" for never");
        break;
    case CONFIG_CHOICE:
        length = snprintf(out, size, "one of the strings %s", names);
        break;
    case CONFIG_CHOICES:
        length = snprintf(out, size, "a list of one or more of %s, each once", names);
        break;
    }
    assert(length >= 0);
}

/* Reads the member out without asking what it is aligned to or const of. */
static void load(const struct config *config, const struct config_key *key, void *value, size_t size)
{
    memcpy(value, (const char *)config + key->offset, size);
}

static void print_string(const char *value, FILE *stream)
{
    putc('"', stream);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            putc('\\', stream);
        putc(*value, stream);
    }
    putc('"', stream);
}

/* In the shortest form that reads back equal, and with a point, as libconfig knows a number with a fraction.
 */
static void print_double(double value, FILE *stream)
{
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        int length = snprintf(text, sizeof(text), "%.*g", digits, value);
        assert(length > 0 && (size_t)length < sizeof(text));
        if (strtod(text, NULL) == value)
            break;
    }
    fprintf(stream, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void print_choices(const struct config_key *key, unsigned bits, FILE *stream)
{
    putc('(', stream);
    const char *separator = "";
    for (unsigned i = 0; key->names[i]; i++) {
        if (!(bits & 1u << i))
            continue;
        fprintf(stream, "%s\"%s\"", separator, key->names[i]);
        separator = ", ";
    }
    putc(')', stream);
}

static void print_time_of_day(int64_t minutes, FILE *stream)
{
    if (minutes == CONFIG_DAILY_NEVER)
        fputs("\"\"", stream);
    else
        fprintf(stream, "\"%02d:%02d\"", (int)(minutes / 60), (int)(minutes % 60));
}

void config_value_print(const struct config *config, const struct config_key *key, FILE *stream)
{
    union {
        int64_t integer;
        double number;
        bool boolean;
        unsigned bits;
        const char *string;
    } value;
    switch (key->type) {
    case CONFIG_INT:
        load(config, key, &value.integer, sizeof(value.integer));
        fprintf(stream, "%lld", (long long)value.integer);
        break;
    case CONFIG_DOUBLE:
        load(config, key, &value.number, sizeof(value.number));
        print_double(value.number, stream);
        break;
    case CONFIG_BOOL:
        load(config, key, &value.boolean, sizeof(value.boolean));
        fputs(value.boolean ? "true" : "false", stream);
        break;
    case CONFIG_TIME_OF_DAY:
        load(config, key, &value.integer, sizeof(value.integer));
        print_time_of_day(value.integer, stream);
        break;
    case CONFIG_CHOICE:
        load(config, key, &value.bits, sizeof(value.bits));
        print_string(key->names[value.bits], stream);
        break;
    case CONFIG_CHOICES:
        load(config, key, &value.bits, sizeof(value.bits));
        print_choices(key, value.bits, stream);
        break;
    default:
        load(config, key, &value.string, sizeof(value.string));
        print_string(value.string, stream);
        break;
    }
}
