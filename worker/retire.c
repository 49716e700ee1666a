#include "worker/retire.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int64_t retire_age_left_ms(const struct retire *retire, int64_t now_ms)
{
    int64_t age_ms = now_ms - retire->born_ms;
    return age_ms < (int64_t)retire->max_age_ms ? (int64_t)retire->max_age_ms - age_ms : 0;
}

bool retire_is_due(const struct retire *retire, int64_t now_ms, uint64_t rss_kb, enum bye *reason)
{
    if (retire->jobs >= retire->max_jobs)
        *reason = BYE_MAX_JOBS;
    else if (rss_kb > retire->max_rss_kb)
        *reason = BYE_MAX_RSS;
    else if (retire_age_left_ms(retire, now_ms) == 0)
        *reason = BYE_MAX_AGE;
    else
        return false;
    return true;
}

int retire_open_statm(void)
{
    return open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

/* The second number in /proc/self/statm is the resident size in pages (proc(5)). */
uint64_t retire_rss_kb(int statm_fd)
{
    char text[128];
    ssize_t length = pread(statm_fd, text, sizeof text - 1, 0);
    if (length <= 0)
        return 0;
    text[length] = 0;
    const char *second = strchr(text, ' ');
    long page_size = sysconf(_SC_PAGESIZE);
    return second && page_size > 0 ? strtoull(second, NULL, 10) * (uint64_t)page_size / 1024 : 0;
}
