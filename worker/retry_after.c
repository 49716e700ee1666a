#include "worker/retry_after.h"

#include <string.h>

#include <curl/curl.h>

static uint64_t clamp(uint64_t wait_ms)
{
    return wait_ms < RETRY_AFTER_MOST_MS ? wait_ms : RETRY_AFTER_MOST_MS;
}

/* Whole seconds; a fraction, which no standard allows but some servers send, is rounded up. */
static uint64_t seconds_ms(const char *digits, size_t length)
{
    uint64_t seconds = 0;
    for (size_t i = 0; i < length; i++) {
        seconds = seconds * 10 + (uint64_t)(digits[i] - '0');
        if (seconds > RETRY_AFTER_MOST_MS / 1000)
            return RETRY_AFTER_MOST_MS;
    }
    return clamp((seconds + (digits[length] == '.')) * 1000);
}

uint64_t retry_after_ms(const char *value, int64_t wall_ms)
{
    value += strspn(value, " \t");
    size_t digits = strspn(value, "0123456789");
    size_t fraction = value[digits] == '.' ? 1 + strspn(value + digits + 1, "0123456789") : 0;
    const char *rest = value + digits + fraction;
    if (digits > 0 && rest[strspn(rest, " \t\r\n")] == 0)
        return seconds_ms(value, digits);
    /* curl_getdate also takes forms that no server sends; a date of HTTP begins with the day's name. */
    if (strspn(value, "MTWFS") == 0)
        return 0;
    time_t date = curl_getdate(value, NULL);
    if (date < 0 || (int64_t)date <= wall_ms / 1000)
        return 0;
    uint64_t seconds = (uint64_t)((int64_t)date - wall_ms / 1000);
    return seconds > RETRY_AFTER_MOST_MS / 1000 ? RETRY_AFTER_MOST_MS : seconds * 1000;
}
