#include "common/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/log.h"
#include "common/problem.h"

#define KEY_BYTES 32
#define VALUE_MAX 100 /* longer values are none */

static const struct {
    const char *string;
    unsigned bit;
} rights_table[] = {
#define X(name, string, bit) {string, name},
    KEY_RIGHTS(X)
#undef X
};

#define RIGHT_COUNT (sizeof rights_table / sizeof *rights_table)

#define fail(problem, ...) problem_put(problem, FILE_ERROR_SIZE, __VA_ARGS__)

/* ---- values ---- */

bool key_file_name_is_right(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);
    return length > 0 && length < KEY_FILE_NAME_SIZE && name[0] != '.' && strspn(name, allowed) == length;
}

bool key_file_rights_parse(const char *text, unsigned *rights)
{
    *rights = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned bit = 0;
        for (size_t i = 0; i < RIGHT_COUNT; i++)
            if (strlen(rights_table[i].string) == length && memcmp(rights_table[i].string, text, length) == 0)
                bit = rights_table[i].bit;
        if (!bit || (*rights & bit))
            return false;
        *rights |= bit;
        if (!text[length])
            return true;
        text += length + 1;
    }
}

void key_file_rights_text(unsigned rights, char out[static KEY_FILE_RIGHTS_SIZE])
{
    size_t length = 0;
    for (size_t i = 0; i < RIGHT_COUNT; i++) {
        if (!(rights & rights_table[i].bit))
            continue;
        int more = snprintf(
            out + length, KEY_FILE_RIGHTS_SIZE - length, "%s%s", length ? "," : "", rights_table[i].string);
        if (more < 0 || (size_t)more >= KEY_FILE_RIGHTS_SIZE - length)
            log_bug("key_file: the names of all rights are too long");
        length += (size_t)more;
    }
    if (!length)
        memcpy(out, "none", sizeof "none");
}

/* Z85 of 32 bytes that are not all zero: nobody has the secret of that key, or everybody. */
static bool is_key(const char *value)
{
    static const char digits[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    uint8_t bytes[KEY_BYTES];
    if (strlen(value) != KEY_FILE_Z85_SIZE - 1 || strspn(value, digits) != KEY_FILE_Z85_SIZE - 1)
        return false;
    if (strspn(value, "0") == KEY_FILE_Z85_SIZE - 1)
        return false;
    bool decoded = zmq_z85_decode(bytes, value) != NULL;
    explicit_bzero(bytes, sizeof bytes);
    return decoded;
}

/* ---- parsing ---- */

struct line {
    char name[16];
    char value[VALUE_MAX + 1];
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct text trim(struct text text)
{
    while (text.length && is_blank(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

static bool copy(struct text from, char *out, size_t size)
{
    if (from.length == 0 || from.length >= size || memchr(from.data, 0, from.length))
        return false;
    memcpy(out, from.data, from.length);
    out[from.length] = '\0';
    return true;
}

/* NULL, or what is wrong with the line. */
static const char *split(struct text text, struct line *line)
{
    const char *equals = memchr(text.data, '=', text.length);
    if (!equals)
        return "is no `key = value`";
    struct text name = {text.data, (uint32_t)(equals - text.data)};
    struct text value = {equals + 1, text.length - name.length - 1};
    if (!copy(trim(name), line->name, sizeof line->name))
        return "names none of name, rights, public_key, secret_key";
    return copy(trim(value), line->value, sizeof line->value) ? NULL
                                                              : "has an empty value, or too long a one";
}

/* NULL, or what is wrong with the value. */
static const char *take(struct key_file *key, const struct line *line)
{
    const struct {
        const char *name;
        char *out;
        bool is_key;
    } strings[] = {{"name", key->name, false}, {"public_key", key->public_key, true},
        {"secret_key", key->secret_key, true}};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        if (strcmp(line->name, strings[i].name) != 0)
            continue;
        if (strings[i].out[0])
            return "says again what a line before has said";
        if (strings[i].is_key && !is_key(line->value))
            return "has no key of 40 characters (Z85)";
        if (!strings[i].is_key && !key_file_name_is_right(line->value))
            return "has a name that is not 1 to 63 letters, digits, `.`, `_` and `-`";
        memcpy(strings[i].out, line->value, strlen(line->value) + 1);
        return NULL;
    }
    if (strcmp(line->name, "rights") != 0)
        return "names none of name, rights, public_key, secret_key";
    if (key->rights)
        return "says again what a line before has said";
    return key_file_rights_parse(line->value, &key->rights)
               ? NULL
               : "has rights other than worker, monitor and operator, separated by commas";
}

static bool keys_belong_together(const struct key_file *key)
{
    char expected[KEY_FILE_Z85_SIZE];
    return zmq_curve_public(expected, key->secret_key) == 0 && strcmp(expected, key->public_key) == 0;
}

static bool parse_lines(struct text content, struct key_file *out, char problem[static FILE_ERROR_SIZE])
{
    struct line line;
    unsigned number = 0;
    while (content.length) {
        const char *end = memchr(content.data, '\n', content.length);
        uint32_t length = end ? (uint32_t)(end - content.data) : content.length;
        struct text text = trim((struct text){content.data, length});
        content.data += length + (end != NULL);
        content.length -= length + (end != NULL);
        number++;
        if (text.length == 0 || text.data[0] == '#')
            continue;
        const char *wrong = split(text, &line);
        if (!wrong)
            wrong = take(out, &line);
        explicit_bzero(&line, sizeof line);
        if (wrong)
            return fail(problem, "line %u %s", number, wrong);
    }
    return true;
}

bool key_file_parse(struct text content, struct key_file *out, char problem[static FILE_ERROR_SIZE])
{
    *out = (struct key_file){0};
    bool ok = parse_lines(content, out, problem);
    if (ok && (!out->name[0] || !out->public_key[0]))
        ok = fail(problem, "no line says %s", out->name[0] ? "public_key = …" : "name = …");
    if (ok && out->secret_key[0] && !keys_belong_together(out))
        ok = fail(problem, "secret_key and public_key do not belong together");
    if (!ok)
        key_file_wipe(out);
    return ok;
}

/* ---- files ---- */

static bool check_owner(
    const char *path, const struct stat *status, enum key_file_kind kind, char error[static FILE_ERROR_SIZE])
{
    mode_t mode = status->st_mode & 07777;
    mode_t loose = kind == KEY_FILE_PUBLIC ? 0022 : status->st_uid == 0 ? 0037 : 0077;
    if (!S_ISREG(status->st_mode))
        return fail(error, "%s: is not a regular file", path);
    if (status->st_uid != geteuid() && status->st_uid != 0)
        return fail(error,
            "%s: belongs to user %u, who could change it; give it to the user of this process "
            "or to root (chown)",
            path, (unsigned)status->st_uid);
    if (mode & loose)
        return fail(error, "%s: others can %s it (mode %04o); chmod %s it", path,
            kind == KEY_FILE_PUBLIC ? "write" : "read or write", (unsigned)mode,
            kind == KEY_FILE_PUBLIC ? "go-w" : "600");
    return true;
}

/* Of the descriptor that is read, so that nobody can exchange the file between the look and the reading. */
static bool read_checked(
    const char *path, enum key_file_kind kind, struct buffer *out, char error[static FILE_ERROR_SIZE])
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        int cause = errno;
        fail(error, "%s: cannot open it: %s", path, strerror(cause));
        errno = cause;
        return false;
    }
    errno = 0;
    bool ok = fstat(fd, &status) == 0 ? check_owner(path, &status, kind, error)
                                      : fail(error, "%s: cannot examine it: %s", path, strerror(errno));
    uint8_t *bytes = ok ? buffer_reserve(out, KEY_FILE_MAX + 1) : NULL;
    ssize_t length = bytes ? read(fd, bytes, KEY_FILE_MAX + 1) : 0;
    if (ok && length < 0)
        ok = fail(error, "%s: cannot read it: %s", path, strerror(errno));
    else if (ok && (size_t)length > KEY_FILE_MAX)
        ok = fail(error, "%s: is larger than the %zu bytes allowed", path, KEY_FILE_MAX);
    else if (ok)
        out->length = (size_t)length;
    int cause = errno;
    close(fd);
    errno = cause;
    return ok;
}

bool key_file_read(
    const char *path, enum key_file_kind kind, struct key_file *out, char error[static FILE_ERROR_SIZE])
{
    char problem[FILE_ERROR_SIZE];
    struct buffer content = buffer_make(KEY_FILE_MAX + 1);
    *out = (struct key_file){0};
    bool ok = read_checked(path, kind, &content, error);
    struct text text = {(const char *)content.data, (uint32_t)content.length};
    if (ok && !key_file_parse(text, out, problem))
        ok = fail(error, "%.200s: %.250s", path, problem);
    if (ok && kind == KEY_FILE_SECRET && !out->secret_key[0])
        ok = fail(error, "%s: has no secret_key; name the .key file that r3ectl keygen made", path);
    if (ok && kind == KEY_FILE_PUBLIC && out->secret_key[0])
        ok = fail(error, "%s: has a secret key, which does not belong here; name the .pub file", path);
    int cause = errno;
    if (!ok)
        key_file_wipe(out);
    key_file_wipe_buffer(&content);
    errno = cause;
    return ok;
}

void key_file_format(const struct key_file *key, bool secret, struct buffer *out)
{
    char rights[KEY_FILE_RIGHTS_SIZE];
    buffer_format(out, "# r3e-leaderboard: the %s of %s\nname = %s\n", secret ? "SECRET key" : "public key",
        key->name, key->name);
    key_file_rights_text(key->rights, rights);
    if (key->rights)
        buffer_format(out, "rights = %s\n", rights);
    buffer_format(out, "public_key = %s\n", key->public_key);
    if (secret)
        buffer_format(out, "secret_key = %s\n", key->secret_key);
}

void key_file_wipe(struct key_file *key)
{
    explicit_bzero(key, sizeof *key);
}

void key_file_wipe_buffer(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->capacity);
    buffer_free(buffer);
}
