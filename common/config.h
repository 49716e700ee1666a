#ifndef R3E_COMMON_CONFIG_H
#define R3E_COMMON_CONFIG_H
/* The configuration: one struct with a nested struct for each group of the file and a member for each key, of
 * the key's name and unit. What each key means, its default and its range stand in one place,
 * config_table.c; `r3e-coordinator --print-config` shows them.
 *
 * Numbers are int64_t so that converting units (s to ms, MB to bytes) cannot overflow. Strings are owned by
 * the struct, never NULL, valid UTF-8 without control characters; "" means none. Paths are
 * absolute (but in what config_defaults gives) and have no slash at their end. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/arena.h"
#include "common/config_problems.h"
#include "common/log.h"

#define CONFIG_FILE_MAX    ((size_t)1024 * 1024) /* bytes */
#define CONFIG_DAILY_NEVER (-1)

/* Bits of public.layouts. */
enum { CONFIG_LAYOUT_FLAT = 1, CONFIG_LAYOUT_SHARDED = 2 };

struct config {
    struct arena arena; /* strings */
    struct {
        const char *base_url; /* without a slash at its end */
        const char *user_agent;
        int64_t page_size;
        int64_t max_pages;
        int64_t connect_timeout_s;
        int64_t timeout_s;
        int64_t max_response_mb;
        bool session;
    } upstream;
    struct {
        double rate_per_s; /* 0: no limit */
        int64_t burst;
        int64_t max_in_flight;
        bool robots;
        bool respect_retry_after;
        int64_t breaker_failures;
        int64_t breaker_pause_s;
    } politeness;
    struct {
        const char *file;
    } catalogue;
    struct {
        const char *dir;
        int64_t map_size_mb;
        int64_t commit_ms;
        int64_t commit_results;
        int64_t min_free_mb;
    } store;
    struct {
        const char *dir;
        unsigned layouts; /* bits CONFIG_LAYOUT_*, at least one */
    } publish;            /* group "public": that word is reserved in C++, and tools trip over it */
    struct {
        int64_t max_age_h;
        int64_t daily_at; /* minutes after midnight, local time; CONFIG_DAILY_NEVER */
        int64_t index_every_min;
        const char *trigger_file;
        int64_t retries;
        int64_t backoff_s;
        int64_t confirm_shrink;
    } refresh;
    struct {
        int64_t local;
        int64_t max_jobs;
        int64_t max_age_s;
        int64_t max_rss_mb;
        int64_t lease_s;
        int64_t max_per_key;
    } workers;
    struct {
        int64_t max_rss_mb;
        int64_t timeout_s;
    } exporter;
    struct {
        const char *jobs;
        const char *results;
        const char *status;
        const char *control;
    } sockets;
    /* Computed: where programs on this host connect. The same if it is an ipc socket; a tcp socket has an ipc
     * one beside it in store.dir, without encryption and for its owner only. */
    struct {
        const char *jobs;
        const char *results;
        const char *status;
        const char *control;
    } local_sockets;
    struct {
        const char *server_key;      /* file; "": no CURVE */
        const char *authorized_keys; /* folder */
        bool allow_insecure;
    } security;
    struct {
        bool sandbox;
        int64_t memory_mb;
        int64_t open_files;
        int64_t file_size_mb;
        int64_t core_mb;
    } hardening;
    struct {
        const char *listen; /* ADDRESS:PORT */
    } http;
    struct {
        enum log_level level;
        enum log_format format;
    } log;
};

/* Every key at the default written in the table: computed ones (sockets, trigger_file, user_agent) are still
 * "" (local_sockets: NULL), required ones hold an example. For printing, and for programs that need no store.
 * Release with config_free. */
void config_defaults(struct config *config);

/* Reads the file at `path` (NULL: none), then the overrides "group.key=value" in order (the last one of a key
 * counts), computes what is left to compute and checks everything, alone and against each other. Values of
 * overrides are written without quotes, lists with commas. Relative paths in the file are relative to its
 * folder, those in overrides to the process's folder.
 *
 * False: everything that is wrong was added to `problems` and `*config` is not to be used. In both cases
 * release with config_free. Touches no file but `path`. */
bool config_load(struct config *config, const char *path, const char *const *overrides, size_t override_count,
    struct config_problems *problems);

/* Writes the configuration as a file with comments, which loads again to the same values. */
void config_print(const struct config *config, FILE *stream);

void config_free(struct config *config);

#endif
