#include "common/config_table.h"

#include <string.h>

#include "common/config.h"

#define PATH_BYTES     4000
#define ENDPOINT_BYTES 255
#define WELCOME_BYTES  255 /* workers are told of it: PROTOCOL_NAME_SIZE without the terminator */

const struct config_group config_groups[] = {
    {"upstream", "The leaderboard service that is crawled."},
    {"politeness", "How gently. Limits hold across all workers, hosts and restarts."},
    {"catalogue", "What there is to crawl."},
    {"store", "Where the coordinator keeps everything. One coordinator for each store."},
    {"public", "Where the published files go."},
    {"refresh", "When boards are fetched again."},
    {"workers", "The processes that fetch."},
    {"exporter", "The process that publishes."},
    {"sockets", "Where workers and tools connect: ipc:///PATH or tcp://ADDRESS:PORT."},
    {"security", "CURVE keys, made by `r3ectl keygen`. Needed for tcp sockets beyond this host."},
    {"hardening",
        "What the processes may do, and how much they may take; a safety net below the limits above."},
    {"http", "The built-in web server for the public folder."},
    {"log", "What is written to standard error."},
};

static const char *const layout_names[] = {"flat", "sharded", NULL};
static const char *const level_names[] = {"debug", "info", "warn", "error", NULL};
static const char *const format_names[] = {"text", "json", NULL};

_Static_assert(LOG_LEVEL_DEBUG == 0 && LOG_LEVEL_ERROR == 3, "level_names is in the order of enum log_level");
_Static_assert(LOG_FORMAT_TEXT == 0 && LOG_FORMAT_JSON == 1, "format_names is in the order of the enum");

#define AT(member) offsetof(struct config, member)

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): a member's name cannot stand in parentheses */
#define INT(group, key, initial, min, max, help) \
    {#group, #key, CONFIG_INT, false, false, AT(group.key), (initial), (min), (max), NULL, (help)}
#define DOUBLE(group, key, initial, min, max, help) \
    {#group, #key, CONFIG_DOUBLE, false, false, AT(group.key), (initial), (min), (max), NULL, (help)}
#define BOOL(group, key, initial, help) \
    {#group, #key, CONFIG_BOOL, false, false, AT(group.key), (initial), 0, 1, NULL, (help)}
#define STRING(type, group, key, initial, max, help) \
    {#group, #key, (type), false, (initial)[0] == '\0', AT(group.key), (initial), 0, (max), NULL, (help)}
#define CHOICE(group, key, initial, names, help) \
    {#group, #key, CONFIG_CHOICE, false, false, AT(group.key), (initial), 0, 0, (names), (help)}
/* NOLINTEND(bugprone-macro-parentheses) */

const struct config_key config_keys[] = {
    STRING(CONFIG_URL, upstream, base_url, "https://game.raceroom.com", WELCOME_BYTES, "The service's address, without a path behind it unless the service needs one."),
    STRING(CONFIG_TEXT, upstream, user_agent, "", WELCOME_BYTES, "Who we say we are, with an address where we can be found. Empty: program, version and this project's page."),
    INT(upstream, page_size, "1500", 1, 1500, "Entries asked for in one request. The service honours up to 1500."),
    INT(upstream, max_pages, "100", 1, 1000, "Pages of one board at most; a longer board is a failed fetch. page_size times max_pages may be at most 150000."),
    INT(upstream, connect_timeout_s, "10", 1, 300, "Time to connect, in seconds."),
    INT(upstream, timeout_s, "120", 1, 3600, "Time for one whole request, in seconds. Not below connect_timeout_s."),
    INT(upstream, max_response_mb, "64", 1, 512, "An answer that is larger (unpacked) is a failed fetch."),
    BOOL(upstream, session, "false", "Fetch one HTML page first, once for each worker, to get a cookie."),

    DOUBLE(politeness, rate_per_s, "4.0", 0, 10000, "Requests in a second, all workers together. 0: no limit."),
    INT(politeness, burst, "8", 1, 10000, "Requests that may come at once after a quiet time."),
    INT(politeness, max_in_flight, "6", 1, 1000, "Requests under way at any time, all workers together."),
    BOOL(politeness, robots, "true", "Obey the service's robots.txt."),
    BOOL(politeness, respect_retry_after, "true", "Pause as long as the service asks for in Retry-After."),
    INT(politeness, breaker_failures, "5", 1, 1000, "Failures in a row, of different boards, that stop the crawl for a pause."),
    INT(politeness, breaker_pause_s, "300", 1, 86400, "That pause, in seconds; then one request tries whether the service is back."),

    STRING(CONFIG_PATH, catalogue, file, "catalogue.cfg", PATH_BYTES, "Tracks, classes and superclasses, made by `r3ectl catalogue import`."),

    {"store", "dir", CONFIG_PATH, true, false, AT(store.dir), "/var/lib/r3e-leaderboard", 0, PATH_BYTES, NULL, "The folder of the database. Required. Must not lie inside public.dir."},
    INT(store, map_size_mb, "4096", 16, 1048576, "The most the database may ever hold, in MB. Address space, not memory."),
    INT(store, commit_ms, "100", 1, 60000, "Results are written to disk together, at the latest after this many milliseconds …"),
    INT(store, commit_results, "64", 1, 10000, "… or when this many have come, whichever is first."),
    INT(store, min_free_mb, "64", 0, 1048576, "Nothing new is fetched while less than this is free, in MB, where store.dir or public.dir is. 0: only a failed write counts."),

    {"public", "dir", CONFIG_PATH, true, false, AT(publish.dir), "/var/www/r3e-leaderboard", 0, PATH_BYTES, NULL, "The root of the published site; data goes to cache/ below it. Required."},
    {"public", "layouts", CONFIG_CHOICES, false, false, AT(publish.layouts), "flat,sharded", 0, 0, layout_names, "Which files to publish: \"flat\" (one index), \"sharded\" (what the web front end reads), or both."},

    INT(refresh, max_age_h, "24", 1, 8760, "A board is due again when it is this many hours old."),
    STRING(CONFIG_TIME_OF_DAY, refresh, daily_at, "04:45", 5, "A full refresh starts once each local day at this time, \"HH:MM\"; one that was missed is made up for. \"\": never."),
    INT(refresh, index_every_min, "30", 1, 10080, "Publish what has changed every so many minutes, and when for the next minute nothing is due."),
    STRING(CONFIG_PATH, refresh, trigger_file, "", PATH_BYTES, "A file that asks for a refresh when it appears, and is removed: of everything if it is empty, else of the layouts and combinations named in it, TRACK or TRACK-CLASS (ids), separated by white space. Empty: refresh_now in store.dir."),
    INT(refresh, retries, "4", 0, 100, "A failed fetch is tried again this many times before it waits for the next refresh."),
    INT(refresh, backoff_s, "30", 1, 86400, "Pause before the first retry, in seconds; doubled for each further one."),
    INT(refresh, confirm_shrink, "3", 1, 100, "Separate fetches that must agree before an empty or sharply smaller board is believed."),

    INT(workers, local, "4", 0, 256, "Workers started on this host. 0: only those of other hosts."),
    INT(workers, max_jobs, "200", 1, 1000000, "A worker is replaced after this many jobs (spread at random) …"),
    INT(workers, max_age_s, "3600", 1, 604800, "… or after this many seconds (spread at random) …"),
    INT(workers, max_rss_mb, "64", 8, 65536, "… or when it holds this much memory, in MB."),
    INT(workers, lease_s, "20", 2, 3600, "A board goes to another worker when nothing was heard for this long of the one that has it, in seconds. A network may be away for half of that without any cost."),
    INT(workers, max_per_key, "256", 1, 4096, "Workers that are connected with one key at any time, on all its hosts. More are refused."),

    INT(exporter, max_rss_mb, "256", 16, 65536, "An exporter that holds more memory than this, in MB, is stopped."),
    INT(exporter, timeout_s, "600", 1, 86400, "An exporter that runs longer than this, in seconds, is stopped."),

    STRING(CONFIG_ENDPOINT, sockets, jobs, "", ENDPOINT_BYTES, "Workers ask for jobs here. Empty: jobs.sock in store.dir, which stands beside a tcp socket too, for this host."),
    STRING(CONFIG_ENDPOINT, sockets, results, "", ENDPOINT_BYTES, "Workers bring results here. Empty: results.sock in store.dir."),
    STRING(CONFIG_ENDPOINT, sockets, status, "", ENDPOINT_BYTES, "Anyone may listen to the state here. Empty: status.sock in store.dir."),
    STRING(CONFIG_ENDPOINT, sockets, control, "", ENDPOINT_BYTES, "r3ectl gives commands here. Empty: control.sock in store.dir."),

    STRING(CONFIG_PATH, security, server_key, "", PATH_BYTES, "File with the coordinator's secret key, which must be its owner's only. Empty: no encryption."),
    STRING(CONFIG_PATH, security, authorized_keys, "", PATH_BYTES, "Folder with a file NAME.pub for each key that may connect; it says what the key may do (rights = worker, monitor, operator). Read again when something in it changes."),
    BOOL(security, allow_insecure, "false", "Allow sockets and web server beyond this host without keys. Anyone who reaches them can use them."),

    BOOL(hardening, sandbox, "true", "Processes give up what they do not need: privileges, system calls, files and ports (see deploy/README.md). false: only to find out whether that is what disturbs."),
    INT(hardening, memory_mb, "2048", 256, 1048576, "Memory that a process may ask the system for, in MB (RLIMIT_DATA). One that wants more ends, and is started anew."),
    INT(hardening, open_files, "1024", 512, 1048576, "Open files of a worker and of an exporter (RLIMIT_NOFILE)."),
    INT(hardening, file_size_mb, "8192", 64, 1048576, "The largest file that an exporter may write, in MB (RLIMIT_FSIZE)."),
    INT(hardening, core_mb, "0", 0, 1048576, "The largest core dump of any process, in MB (RLIMIT_CORE). It would hold the secret keys. 0: none."),

    STRING(CONFIG_ADDRESS, http, listen, "", ENDPOINT_BYTES, "ADDRESS:PORT that r3e-httpd --config listens on. Empty: 127.0.0.1:8080."),

    CHOICE(log, level, "info", level_names, "\"debug\", \"info\", \"warn\" or \"error\"."),
    CHOICE(log, format, "text", format_names, "\"text\" (for people and systemd) or \"json\" (one object for each line)."),
};
/* clang-format on */

_Static_assert(sizeof(config_groups) / sizeof(config_groups[0]) == CONFIG_GROUP_COUNT, "count the groups");
_Static_assert(sizeof(config_keys) / sizeof(config_keys[0]) == CONFIG_KEY_COUNT, "count the keys");

const struct config_group *config_find_group(const char *name, size_t length)
{
    for (size_t i = 0; i < CONFIG_GROUP_COUNT; i++) {
        if (strlen(config_groups[i].name) == length && memcmp(config_groups[i].name, name, length) == 0)
            return &config_groups[i];
    }
    return NULL;
}

const struct config_key *config_find_key(const char *group, const char *name, size_t name_length)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];
        if (strcmp(key->group, group) == 0 && strlen(key->name) == name_length &&
            memcmp(key->name, name, name_length) == 0)
            return key;
    }
    return NULL;
}

#define NAME_BYTES 40 /* longer names are near nothing */

/* Levenshtein distance, one row of the usual table at a time. SIZE_MAX / 2 for names that are too long. */
static size_t edits(const char *a, const char *b)
{
    size_t row[NAME_BYTES + 1];
    size_t length = strlen(b);
    if (length > NAME_BYTES || strlen(a) > NAME_BYTES)
        return SIZE_MAX / 2;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t inserted = (row[j - 1] < row[j] ? row[j - 1] : row[j]) + 1;
            row[j] = replaced < inserted ? replaced : inserted;
        }
    }
    return row[length];
}

/* One edit in three characters still looks like the same word. */
static size_t edits_allowed(const char *name)
{
    return 1 + strlen(name) / 3;
}

const struct config_group *config_nearest_group(const char *name)
{
    const struct config_group *nearest = NULL;
    size_t fewest = edits_allowed(name) + 1;
    for (size_t i = 0; i < CONFIG_GROUP_COUNT; i++) {
        size_t count = edits(name, config_groups[i].name);
        if (count < fewest) {
            fewest = count;
            nearest = &config_groups[i];
        }
    }
    return nearest;
}

/* Leaving out the unit at the end is no edit at all. */
static size_t edits_to_key(const char *name, const char *key)
{
    size_t length = strlen(name);
    bool unit_missing = length && strncmp(key, name, length) == 0 && key[length] == '_';
    return unit_missing ? 0 : edits(name, key);
}

const struct config_key *config_nearest_key(const char *group, const char *name)
{
    const struct config_key *nearest = NULL;
    size_t fewest = 2 * edits_allowed(name) + 2;
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        /* Doubled, so that of two equally near names the one in this group wins. */
        size_t count =
            2 * edits_to_key(name, config_keys[i].name) + (strcmp(config_keys[i].group, group) != 0);
        if (count < fewest) {
            fewest = count;
            nearest = &config_keys[i];
        }
    }
    return nearest;
}
