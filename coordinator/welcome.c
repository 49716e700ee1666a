#include "coordinator/welcome.h"

#include <string.h>

#include "common/log.h"
#include "common/version.h"

static void copy_string(char *out, size_t size, const char *string, const char *key)
{
    size_t length = strlen(string);
    if (length >= size)
        log_bug("%s is longer than %zu bytes", key, size - 1);
    memcpy(out, string, length + 1);
}

struct message_welcome welcome_make(const struct config *config, int64_t heartbeat_ms)
{
    struct message_welcome welcome = {
        .page_size = (uint64_t)config->upstream.page_size,
        .max_pages = (uint64_t)config->upstream.max_pages,
        .connect_timeout_ms = (uint64_t)config->upstream.connect_timeout_s * 1000,
        .timeout_ms = (uint64_t)config->upstream.timeout_s * 1000,
        .max_response_bytes = (uint64_t)config->upstream.max_response_mb * 1024 * 1024,
        .session = config->upstream.session,
        .heartbeat_ms = (uint64_t)heartbeat_ms,
        .max_jobs = (uint64_t)config->workers.max_jobs,
        .max_age_ms = (uint64_t)config->workers.max_age_s * 1000,
        .max_rss_kb = (uint64_t)config->workers.max_rss_mb * 1024,
    };
    copy_string(welcome.version, sizeof welcome.version, R3E_VERSION, "version");
    copy_string(welcome.results, sizeof welcome.results, config->sockets.results, "sockets.results");
    copy_string(welcome.base_url, sizeof welcome.base_url, config->upstream.base_url, "upstream.base_url");
    copy_string(
        welcome.user_agent, sizeof welcome.user_agent, config->upstream.user_agent, "upstream.user_agent");
    return welcome;
}
