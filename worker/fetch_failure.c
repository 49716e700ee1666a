#include "worker/fetch_failure.h"

#include <stdio.h>
#include <string.h>

static const struct {
    CURLcode code;
    enum failure failure;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, FAILURE_DNS},
    {CURLE_COULDNT_RESOLVE_PROXY, FAILURE_DNS},
    {CURLE_COULDNT_CONNECT, FAILURE_CONNECT},
    {CURLE_OPERATION_TIMEDOUT, FAILURE_TIMEOUT},
    {CURLE_SSL_CONNECT_ERROR, FAILURE_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, FAILURE_TLS},
    {CURLE_SSL_CERTPROBLEM, FAILURE_TLS},
    {CURLE_SSL_CIPHER, FAILURE_TLS},
    {CURLE_SSL_CACERT_BADFILE, FAILURE_TLS},
    {CURLE_SSL_ISSUER_ERROR, FAILURE_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, FAILURE_TLS},
    {CURLE_SSL_ENGINE_INITFAILED, FAILURE_TLS},
    {CURLE_USE_SSL_FAILED, FAILURE_TLS},
    {CURLE_SEND_ERROR, FAILURE_RESET},
    {CURLE_RECV_ERROR, FAILURE_RESET},
    {CURLE_GOT_NOTHING, FAILURE_RESET},
    {CURLE_PARTIAL_FILE, FAILURE_TRUNCATED},
    {CURLE_BAD_CONTENT_ENCODING, FAILURE_ENCODING},
    {CURLE_FILESIZE_EXCEEDED, FAILURE_TOO_LARGE},
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, FAILURE_TOO_LARGE},
#endif
    {CURLE_TOO_MANY_REDIRECTS, FAILURE_REDIRECT},
    {CURLE_UNSUPPORTED_PROTOCOL, FAILURE_REDIRECT},
    {CURLE_OUT_OF_MEMORY, FAILURE_MEMORY},
};

static void set_problem(char *problem, const char *text)
{
    size_t length = strlen(text);
    if (length >= PROTOCOL_TEXT_SIZE)
        length = PROTOCOL_TEXT_SIZE - 1;
    memcpy(problem, text, length);
    problem[length] = 0;
}

static enum failure explain_limit(const struct fetch_ending *ending, char *problem)
{
    char text[100];
    bool header = ending->header_bytes > ending->header_bytes_most;
    int length =
        snprintf(text, sizeof text, "the answer's %s is longer than %llu kB", header ? "header" : "body",
            (unsigned long long)(header ? ending->header_bytes_most : ending->body_bytes_most) / 1024);
    set_problem(problem, length > 0 ? text : "the answer is too long");
    return FAILURE_TOO_LARGE;
}

static enum failure explain_code(const struct fetch_ending *ending, char *problem)
{
    set_problem(problem, ending->error[0] ? ending->error : curl_easy_strerror(ending->code));
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == ending->code)
            return failures[i].failure;
    return FAILURE_OTHER;
}

static enum failure explain_status(const struct fetch_ending *ending, char *problem)
{
    char text[64];
    uint64_t status = ending->http_status;
    if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) {
        set_problem(problem, "a redirect");
        return FAILURE_REDIRECT;
    }
    int length = snprintf(text, sizeof text, "HTTP status %llu", (unsigned long long)status);
    set_problem(problem, length > 0 ? text : "HTTP status");
    return FAILURE_HTTP_STATUS;
}

enum failure fetch_failure_explain(const struct fetch_ending *ending, char problem[static PROTOCOL_TEXT_SIZE])
{
    problem[0] = 0;
    if (ending->own_failure != FAILURE_NONE)
        return explain_limit(ending, problem);
    if (ending->code == CURLE_FILESIZE_EXCEEDED)
        return explain_limit(ending, problem);
    /* Before release 8.6 libcurl says "out of memory" of one header field of more than 100 kB. */
    if (ending->code == CURLE_OUT_OF_MEMORY && ending->header_bytes && !ending->body_bytes) {
        set_problem(problem, "a field of the answer's header is longer than 100 kB");
        return FAILURE_TOO_LARGE;
    }
    if (ending->code != CURLE_OK)
        return explain_code(ending, problem);
    return ending->http_status == 200 ? FAILURE_NONE : explain_status(ending, problem);
}
