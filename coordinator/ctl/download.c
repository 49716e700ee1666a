#include "coordinator/ctl/download.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "common/version.h"

#define CONNECT_TIMEOUT_S 15L
#define REDIRECTS_MAX     5L

bool download_is_url(const char *string)
{
    return strncmp(string, "http://", 7) == 0 || strncmp(string, "https://", 8) == 0;
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    return buffer_append(context, bytes, size * count) ? size * count : 0;
}

static CURLcode set_up(CURL *handle, const char *url, long timeout_s, struct buffer *out, char *details)
{
    const char *redirects = strncmp(url, "https://", 8) == 0 ? "https" : "http,https";
    CURLcode code = curl_easy_setopt(handle, CURLOPT_URL, url);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    code = code ? code : curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, redirects);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_TIMEOUT, timeout_s);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
    code = code ? code : curl_easy_setopt(handle, CURLOPT_USERAGENT, "r3ectl/" R3E_VERSION);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, details);
    code = code ? code : curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take);
    return code ? code : curl_easy_setopt(handle, CURLOPT_WRITEDATA, out);
}

/* Says what went wrong; `out` tells whether it was the size. */
static void explain(char error[static DOWNLOAD_ERROR_SIZE], const char *url, const struct buffer *out,
    CURLcode code, const char *details)
{
    int length;
    if (out->overflowed)
        length =
            snprintf(error, DOWNLOAD_ERROR_SIZE, "%s: larger than the %zu bytes allowed", url, out->limit);
    else
        length = snprintf(error, DOWNLOAD_ERROR_SIZE, "%s: cannot fetch it: %s", url,
            details[0] ? details : curl_easy_strerror(code));
    if (length < 0)
        error[0] = '\0';
}

bool download(const char *url, long timeout_s, struct buffer *out, char error[static DOWNLOAD_ERROR_SIZE])
{
    buffer_clear(out);
    char details[CURL_ERROR_SIZE] = "";
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *handle = code ? NULL : curl_easy_init();
    if (handle)
        code = set_up(handle, url, timeout_s, out, details);
    else
        code = code ? code : CURLE_FAILED_INIT;
    if (!code)
        code = curl_easy_perform(handle);
    if (code) {
        explain(error, url, out, code, details);
        buffer_clear(out);
    }
    curl_easy_cleanup(handle);
    curl_global_cleanup();
    return !code;
}
