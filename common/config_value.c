#include "common/config_value.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/config_file.h"
#include "common/config_value_text.h"
#include "common/endpoint.h"
#include "common/file.h"
#include "common/unicode.h"

#define PATH_SIZE 4096

_Static_assert(sizeof(enum log_level) == sizeof(unsigned), "a choice is stored as an unsigned");
_Static_assert(sizeof(enum log_format) == sizeof(unsigned), "a choice is stored as an unsigned");

static void *member(struct config *config, const struct config_key *key)
{
    return (char *)config + key->offset;
}

__attribute__((format(printf, 3, 4))) static bool refuse(
    char why[static CONFIG_WHY_SIZE], const struct config_key *key, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(why, CONFIG_WHY_SIZE / 2, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    size_t used = strlen(why);
    char allowed[CONFIG_WHY_SIZE / 2 - 20];
    config_value_allowed(key, allowed, sizeof(allowed));
    length = snprintf(why + used, CONFIG_WHY_SIZE - used, "; allowed: %s", allowed);
    assert(length >= 0);
    return false;
}

static bool set_int(
    struct config *config, const struct config_key *key, long long value, char why[static CONFIG_WHY_SIZE])
{
    if ((double)value < key->min || (double)value > key->max)
        return refuse(why, key, "%lld is out of range", value);
    int64_t stored = value;
    memcpy(member(config, key), &stored, sizeof(stored));
    return true;
}

static bool set_double(
    struct config *config, const struct config_key *key, double value, char why[static CONFIG_WHY_SIZE])
{
    if (!isfinite(value) || value < key->min || value > key->max)
        return refuse(why, key, "%g is out of range", value);
    value += 0.0; /* turns -0.0 into 0.0 */
    memcpy(member(config, key), &value, sizeof(value));
    return true;
}

static bool set_bool(struct config *config, const struct config_key *key, bool value)
{
    memcpy(member(config, key), &value, sizeof(value));
    return true;
}

static bool set_choice(
    struct config *config, const struct config_key *key, const char *value, char why[static CONFIG_WHY_SIZE])
{
    for (unsigned i = 0; key->names[i]; i++) {
        if (strcmp(key->names[i], value) == 0) {
            memcpy(member(config, key), &i, sizeof(i));
            return true;
        }
    }
    return refuse(why, key, "\"%.100s\" is unknown", value);
}

/* Adds the bit of `value` to `*bits`. */
static bool add_choice(const struct config_key *key, const char *value, size_t length, unsigned *bits,
    char why[static CONFIG_WHY_SIZE])
{
    for (unsigned i = 0; key->names[i]; i++) {
        if (strlen(key->names[i]) != length || memcmp(key->names[i], value, length) != 0)
            continue;
        if (*bits & 1u << i)
            return refuse(why, key, "\"%s\" stands there twice", key->names[i]);
        *bits |= 1u << i;
        return true;
    }
    return refuse(why, key, "\"%.*s\" is unknown", (int)(length < 100 ? length : 100), value);
}

static bool set_choices(
    struct config *config, const struct config_key *key, unsigned bits, char why[static CONFIG_WHY_SIZE])
{
    if (!bits)
        return refuse(why, key, "the list is empty");
    memcpy(member(config, key), &bits, sizeof(bits));
    return true;
}

static bool set_time_of_day(
    struct config *config, const struct config_key *key, const char *value, char why[static CONFIG_WHY_SIZE])
{
    int64_t minutes = CONFIG_DAILY_NEVER;
    if (value[0]) {
        bool shaped = strlen(value) == 5 && value[2] == ':';
        for (int i = 0; shaped && i < 5; i++)
            shaped = i == 2 || (value[i] >= '0' && value[i] <= '9');
        int hour = shaped ? (value[0] - '0') * 10 + value[1] - '0' : 24;
        int minute = shaped ? (value[3] - '0') * 10 + value[4] - '0' : 60;
        if (hour > 23 || minute > 59)
            return refuse(why, key, "\"%.100s\" is not a time of day", value);
        minutes = hour * 60 + minute;
    }
    memcpy(member(config, key), &minutes, sizeof(minutes));
    return true;
}

static const char *url_problem(const char *value)
{
    const char *host = NULL;
    if (strncmp(value, "https://", 8) == 0)
        host = value + 8;
    else if (strncmp(value, "http://", 7) == 0)
        host = value + 7;
    if (!host)
        return "does not begin with https:// or http://";
    if (host[0] == '\0' || host[0] == '/' || host[0] == ':')
        return "has no host";
    if (strpbrk(host, "?#@\\\"<>{}| "))
        return "has a character that does not belong there (?, #, @, blank …)";
    if (endpoint_url_port(value) == 0)
        return "has a port that is no number from 1 to 65535";
    for (const char *c = host; *c; c++) {
        if ((unsigned char)*c >= 127)
            return "has a character that is not ASCII";
    }
    return NULL;
}

/* Stores `value` without the slashes at its end. */
static bool store_string(struct config *config, const struct config_key *key, const char *value,
    bool trim_slashes, char why[static CONFIG_WHY_SIZE])
{
    size_t length = strlen(value);
    while (trim_slashes && length > 1 && value[length - 1] == '/')
        length--;
    char *copy = arena_copy(&config->arena, value, length);
    if (!copy)
        return refuse(why, key, "there is no memory for it");
    const char *stored = copy;
    memcpy(member(config, key), &stored, sizeof(stored));
    return true;
}

static bool set_path(struct config *config, const struct config_key *key, const char *value,
    const char *folder, char why[static CONFIG_WHY_SIZE])
{
    char path[PATH_SIZE];
    if (!folder || !value[0])
        return store_string(config, key, value, true, why);
    if (!file_resolve(folder, value, path, sizeof(path)))
        return refuse(why, key, "the path becomes too long");
    return store_string(config, key, path, true, why);
}

static bool set_endpoint(struct config *config, const struct config_key *key, const char *value,
    const char *folder, char why[static CONFIG_WHY_SIZE])
{
    char resolved[PATH_SIZE] = "ipc://";
    bool ipc = strncmp(value, "ipc://", 6) == 0 && value[6];
    if (ipc && folder && !file_resolve(folder, value + 6, resolved + 6, sizeof(resolved) - 6))
        return refuse(why, key, "the path becomes too long");
    const char *stored = ipc && folder ? resolved : value;
    struct endpoint endpoint;
    const char *problem;
    if (value[0] && !endpoint_parse(stored, &endpoint, &problem))
        return refuse(why, key, "\"%.300s\" %s", stored, problem);
    return store_string(config, key, stored, false, why);
}

/* What no string may contain, whatever it is for. */
static const char *string_problem(const struct config_key *key, const char *value)
{
    size_t length = strlen(value);
    if (length > (size_t)key->max && key->max > 0)
        return "is too long";
    if (!length && !key->may_be_empty && key->type != CONFIG_TIME_OF_DAY)
        return "must not be empty";
    struct text text = {value, (uint32_t)length};
    if (!unicode_is_valid(text))
        return "is not valid UTF-8";
    if (unicode_has_control(text))
        return "has a control character";
    for (size_t i = 0; i < length && key->type == CONFIG_TEXT; i++) {
        if ((unsigned char)value[i] > 127)
            return "has a character that is not ASCII";
    }
    return NULL;
}

static bool set_string(struct config *config, const struct config_key *key, const char *value,
    const char *folder, char why[static CONFIG_WHY_SIZE])
{
    struct endpoint address;
    const char *problem = string_problem(key, value);
    if (!problem && key->type == CONFIG_URL)
        problem = url_problem(value);
    if (!problem && key->type == CONFIG_ADDRESS && value[0])
        endpoint_parse_address(value, &address, &problem);
    if (problem)
        return refuse(why, key, "\"%.300s\" %s", value, problem);
    switch (key->type) {
    case CONFIG_PATH:
        return set_path(config, key, value, folder, why);
    case CONFIG_ENDPOINT:
        return set_endpoint(config, key, value, folder, why);
    case CONFIG_TIME_OF_DAY:
        return set_time_of_day(config, key, value, why);
    case CONFIG_CHOICE:
        return set_choice(config, key, value, why);
    default:
        return store_string(config, key, value, key->type == CONFIG_URL, why);
    }
}

static bool text_to_choices(
    struct config *config, const struct config_key *key, const char *text, char why[static CONFIG_WHY_SIZE])
{
    unsigned bits = 0;
    while (*text) {
        size_t length = strcspn(text, ",");
        if (!add_choice(key, text, length, &bits, why))
            return false;
        text += length;
        text += *text == ',';
    }
    return set_choices(config, key, bits, why);
}

bool config_value_from_text(struct config *config, const struct config_key *key, const char *text,
    const char *folder, char why[static CONFIG_WHY_SIZE])
{
    /* strtoll and strtod pass over leading blanks; we do not. */
    bool begins = text[0] == '-' || text[0] == '.' || (text[0] >= '0' && text[0] <= '9');
    char *end = NULL;
    errno = 0;
    switch (key->type) {
    case CONFIG_INT: {
        long long value = strtoll(text, &end, 10);
        if (!begins || *end || errno)
            return refuse(why, key, "\"%.100s\" is not an integer", text);
        return set_int(config, key, value, why);
    }
    case CONFIG_DOUBLE: {
        double value = strtod(text, &end);
        if (!begins || *end || strpbrk(text, "xX"))
            return refuse(why, key, "\"%.100s\" is not a number", text);
        return set_double(config, key, value, why);
    }
    case CONFIG_BOOL:
        if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
            return refuse(why, key, "\"%.100s\" is neither", text);
        return set_bool(config, key, strcasecmp(text, "true") == 0);
    case CONFIG_CHOICES:
        return text_to_choices(config, key, text, why);
    default:
        return set_string(config, key, text, folder, why);
    }
}

static bool setting_to_choices(struct config *config, const struct config_key *key,
    const config_setting_t *setting, char why[static CONFIG_WHY_SIZE])
{
    unsigned bits = 0;
    for (int i = 0; i < config_setting_length(setting); i++) {
        const char *name = config_setting_get_string_elem(setting, i);
        if (!name)
            return refuse(why, key, "the list holds something that is not a string");
        if (!add_choice(key, name, strlen(name), &bits, why))
            return false;
    }
    return set_choices(config, key, bits, why);
}

static bool is_string_type(const struct config_key *key)
{
    return key->type != CONFIG_INT && key->type != CONFIG_DOUBLE && key->type != CONFIG_BOOL &&
           key->type != CONFIG_CHOICES;
}

bool config_value_from_setting(struct config *config, const struct config_key *key,
    const config_setting_t *setting, const char *folder, char why[static CONFIG_WHY_SIZE])
{
    bool integer =
        config_setting_type(setting) == CONFIG_TYPE_INT || config_setting_type(setting) == CONFIG_TYPE_INT64;
    bool sequence = config_setting_is_list(setting) || config_setting_is_array(setting);
    /* libconfig cuts hexadecimal numbers to 32 bits without a word. */
    if (integer && config_setting_get_format(setting) != CONFIG_FORMAT_DEFAULT)
        return refuse(why, key, "the number is not decimal");
    if (key->type == CONFIG_INT && integer)
        return set_int(config, key, config_setting_get_int64(setting), why);
    if (key->type == CONFIG_DOUBLE && integer)
        return set_double(config, key, (double)config_setting_get_int64(setting), why);
    if (key->type == CONFIG_DOUBLE && config_setting_type(setting) == CONFIG_TYPE_FLOAT)
        return set_double(config, key, config_setting_get_float(setting), why);
    if (key->type == CONFIG_BOOL && config_setting_type(setting) == CONFIG_TYPE_BOOL)
        return set_bool(config, key, config_setting_get_bool(setting));
    if (key->type == CONFIG_CHOICES && sequence)
        return setting_to_choices(config, key, setting, why);
    if (is_string_type(key) && config_setting_type(setting) == CONFIG_TYPE_STRING)
        return set_string(config, key, config_setting_get_string(setting), folder, why);
    return refuse(why, key, "the value is %s", config_file_type_name(setting));
}
