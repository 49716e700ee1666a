#include "worker/robots_rules.h"

#include <string.h>
#include <strings.h>

#include "common/log.h"

/* The best match of one path so far. */
struct match {
    size_t length; /* of the pattern; 0: none, as an empty pattern matches nothing */
    bool allow;
    const char *pattern;
    size_t pattern_length;
};

/* What the groups of one kind say: those that name us, or those for everybody. */
struct group {
    bool seen;
    struct match matches[ROBOTS_RULES_PATHS_MOST];
    uint64_t crawl_delay_ms;
};

enum scope { SCOPE_EVERYBODY, SCOPE_US, SCOPES };

struct reader {
    const char *token;
    size_t token_length;
    char paths[ROBOTS_RULES_PATHS_MOST][ROBOTS_RULES_PATH_MOST + 1]; /* normal form */
    size_t path_lengths[ROBOTS_RULES_PATHS_MOST];
    unsigned path_count;
    struct group groups[SCOPES];
    bool naming;          /* the last line that counted was a user-agent line */
    bool applies[SCOPES]; /* to whom the group under way applies */
};

/* A piece of a line. */
struct span {
    const char *data;
    size_t length;
};

/* ---- text ---- */

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static size_t token_length(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && is_token(text[count]))
        count++;
    return count;
}

static struct span trim(struct span span)
{
    while (span.length && (span.data[0] == ' ' || span.data[0] == '\t')) {
        span.data++;
        span.length--;
    }
    while (span.length && (span.data[span.length - 1] == ' ' || span.data[span.length - 1] == '\t'))
        span.length--;
    return span;
}

static bool equals(struct span span, const char *name)
{
    return span.length == strlen(name) && strncasecmp(span.data, name, span.length) == 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_unreserved(unsigned char c)
{
    return is_token((char)c) || c == '.' || c == '~';
}

/* The next byte in normal form (RFC 3986, 6.2.2): what needs no percent-encoding has none, the rest that is
 * not ASCII has one, in capitals. Writes 1 or 3 bytes to `out`, returns how many; `*used`: bytes read. */
static size_t normal_byte(const char *text, size_t length, char out[static 3], size_t *used)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned char c = (unsigned char)text[0];
    int high = length >= 3 && c == '%' ? hex_value(text[1]) : -1;
    int low = high >= 0 ? hex_value(text[2]) : -1;
    *used = low >= 0 ? 3 : 1;
    if (low >= 0)
        c = (unsigned char)(high << 4 | low);
    if (low >= 0 ? is_unreserved(c) : c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    out[0] = '%';
    out[1] = hex[c >> 4];
    out[2] = hex[c & 15];
    return 3;
}

/* False: it does not fit. Runs of `*`, which mean no more than one, become one. */
static bool normalise(struct span from, char *out, size_t size, size_t *length)
{
    *length = 0;
    while (from.length) {
        char bytes[3];
        size_t used, count = normal_byte(from.data, from.length, bytes, &used);
        bool again = bytes[0] == '*' && *length && out[*length - 1] == '*';
        if (!again && *length + count > size)
            return false;
        if (!again) {
            memcpy(out + *length, bytes, count);
            *length += count;
        }
        from.data += used;
        from.length -= used;
    }
    return true;
}

/* ---- matching ---- */

/* True if `pattern` matches from the beginning of `path`. Greedy, going back to the last `*` only: each `*`
 * takes as little as it can, so the time is at most the product of both lengths. */
static bool matches(const char *pattern, size_t pattern_length, const char *path, size_t path_length)
{
    bool whole = pattern_length && pattern[pattern_length - 1] == '$';
    size_t end = pattern_length - whole, at = 0, in = 0;
    size_t star = SIZE_MAX, star_in = 0;
    for (;;) {
        if (at == end && (!whole || in == path_length))
            return true;
        if (at < end && pattern[at] == '*') {
            star = at++;
            star_in = in;
        } else if (at < end && in < path_length && pattern[at] == path[in]) {
            at++;
            in++;
        } else if (star != SIZE_MAX && star_in < path_length) {
            at = star + 1;
            in = ++star_in;
        } else {
            return false;
        }
    }
}

static void take_rule(struct reader *reader, struct group *group, struct span value, bool allow)
{
    /* A pattern that does not fit has more bytes that are no `*` than any path of ours, so it matches none.
     */
    char pattern[2 * ROBOTS_RULES_PATH_MOST + 2];
    size_t length;
    if (!value.length || !normalise(value, pattern, sizeof pattern, &length))
        return;
    for (unsigned i = 0; i < reader->path_count; i++) {
        struct match *match = &group->matches[i];
        bool better = length > match->length || (length == match->length && allow);
        if (better && matches(pattern, length, reader->paths[i], reader->path_lengths[i]))
            *match = (struct match){length, allow, value.data, value.length};
    }
}

/* ---- lines ---- */

static void take_agent(struct reader *reader, struct span value)
{
    size_t length = token_length(value.data, value.length);
    if (!reader->naming)
        reader->applies[SCOPE_EVERYBODY] = reader->applies[SCOPE_US] = false;
    reader->naming = true;
    enum scope scope = SCOPES;
    if (value.length && value.data[0] == '*' &&
        (value.length == 1 || value.data[1] == ' ' || value.data[1] == '\t'))
        scope = SCOPE_EVERYBODY;
    else if (length && length == reader->token_length && strncasecmp(value.data, reader->token, length) == 0)
        scope = SCOPE_US;
    else
        return;
    reader->applies[scope] = true;
    reader->groups[scope].seen = true;
}

/* Seconds with a fraction to milliseconds; 0 for what is no number. */
static uint64_t read_delay(struct span value)
{
    uint64_t whole = 0, fraction = 0, unit = 1000;
    size_t i = 0;
    for (; i < value.length && value.data[i] >= '0' && value.data[i] <= '9'; i++)
        whole = whole < ROBOTS_RULES_DELAY_MOST ? whole * 10 + (uint64_t)(value.data[i] - '0') : whole;
    if (i < value.length && value.data[i] == '.')
        for (i++; i < value.length && value.data[i] >= '0' && value.data[i] <= '9'; i++) {
            unit /= 10;
            fraction += unit * (uint64_t)(value.data[i] - '0');
        }
    if (i != value.length)
        return 0;
    uint64_t delay_ms = whole * 1000 + fraction;
    return delay_ms < ROBOTS_RULES_DELAY_MOST ? delay_ms : ROBOTS_RULES_DELAY_MOST;
}

static void take_field(struct reader *reader, struct span name, struct span value)
{
    bool allow = equals(name, "allow"), delay = equals(name, "crawl-delay");
    if (equals(name, "user-agent")) {
        take_agent(reader, value);
        return;
    }
    if (!allow && !delay && !equals(name, "disallow"))
        return; /* of no group, such as Sitemap: does not end the list of agents either */
    reader->naming = false;
    for (unsigned scope = 0; scope < SCOPES; scope++) {
        struct group *group = &reader->groups[scope];
        if (!reader->applies[scope])
            continue;
        uint64_t delay_ms = delay ? read_delay(value) : 0;
        if (!delay)
            take_rule(reader, group, value, allow);
        else if (delay_ms > group->crawl_delay_ms)
            group->crawl_delay_ms = delay_ms;
    }
}

static void take_line(struct reader *reader, struct span line)
{
    const char *comment = memchr(line.data, '#', line.length);
    if (comment)
        line.length = (size_t)(comment - line.data);
    const char *colon = memchr(line.data, ':', line.length);
    if (!colon)
        return;
    size_t name_length = (size_t)(colon - line.data);
    struct span name = {line.data, name_length}, value = {colon + 1, line.length - name_length - 1};
    take_field(reader, trim(name), trim(value));
}

static void read_lines(struct reader *reader, const char *text, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t at = length >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    while (at < length) {
        size_t start = at;
        while (at < length && text[at] != '\n' && text[at] != '\r')
            at++;
        take_line(reader, (struct span){text + start, at - start});
        at++;
    }
}

/* ---- the whole ---- */

static void open_reader(
    struct reader *reader, const char *agent, const char *const *paths, unsigned path_count)
{
    *reader = (struct reader){.token = agent, .token_length = token_length(agent, strlen(agent))};
    if (path_count > ROBOTS_RULES_PATHS_MOST)
        log_bug("robots.txt: %u paths", path_count);
    for (unsigned i = 0; i < path_count; i++) {
        struct span path = {paths[i], strlen(paths[i])};
        if (!normalise(path, reader->paths[i], ROBOTS_RULES_PATH_MOST, &reader->path_lengths[i]))
            log_bug("robots.txt: a path of %zu bytes", path.length);
    }
    reader->path_count = path_count;
}

static void copy_pattern(char *out, const struct match *match)
{
    size_t length = match->pattern_length < ROBOTS_RULES_PATTERN_MOST ? match->pattern_length
                                                                      : ROBOTS_RULES_PATTERN_MOST - 1;
    for (size_t i = 0; i < length; i++)
        out[i] = (char)(match->pattern[i] ? match->pattern[i] : ' ');
    out[length] = 0;
}

struct robots_rules robots_rules_read(
    const void *bytes, size_t length, const char *agent, const char *const *paths, unsigned path_count)
{
    struct reader reader;
    struct robots_rules rules = {.allowed = true};
    open_reader(&reader, agent, paths, path_count);
    read_lines(&reader, bytes, length < ROBOTS_RULES_BYTES_MOST ? length : ROBOTS_RULES_BYTES_MOST);
    const struct group *group = &reader.groups[reader.groups[SCOPE_US].seen ? SCOPE_US : SCOPE_EVERYBODY];
    rules.crawl_delay_ms = group->crawl_delay_ms;
    for (unsigned i = 0; i < path_count && rules.allowed; i++) {
        if (group->matches[i].length && !group->matches[i].allow) {
            rules.allowed = false;
            copy_pattern(rules.pattern, &group->matches[i]);
        }
    }
    return rules;
}
