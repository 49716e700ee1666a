#include "worker/reach.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/endpoint.h"
#include "common/hardening.h"
#include "common/log.h"

#define PORT_MOST          65535
#define PROXY_DEFAULT_PORT 1080 /* CURLOPT_PROXY(3) */
#define DNS_PORT           53

bool reach_parse(struct reach *reach, const char *list)
{
    const char *at = list;
    for (;;) {
        char *end;
        errno = 0;
        unsigned long port = strtoul(at, &end, 10);
        bool digits = *at >= '0' && *at <= '9';
        if (!digits || errno || port == 0 || port > PORT_MOST || reach->ports.count == REACH_PORTS_MAX)
            return false;
        landlock_allow_port(&reach->ports, (uint16_t)port);
        if (*end == 0)
            return true;
        if (*end != ',')
            return false;
        at = end + 1;
    }
}

static void allow_endpoint(struct landlock_ports *ports, const char *string)
{
    struct endpoint endpoint;
    const char *problem;
    if (endpoint_parse(string, &endpoint, &problem) && endpoint.kind == ENDPOINT_TCP)
        landlock_allow_port(ports, (uint16_t)endpoint.port);
}

static void allow_proxy(struct landlock_ports *ports, const char *proxy)
{
    CURLU *url = curl_url();
    char *text = NULL;
    unsigned long port = PROXY_DEFAULT_PORT;
    bool ok = url && curl_url_set(url, CURLUPART_URL, proxy, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) ==
                         CURLUE_OK;
    if (ok && curl_url_get(url, CURLUPART_PORT, &text, 0) == CURLUE_OK)
        port = strtoul(text, NULL, 10);
    if (ok && port > 0 && port <= PORT_MOST)
        landlock_allow_port(ports, (uint16_t)port);
    curl_free(text);
    curl_url_cleanup(url);
}

/* As libcurl reads them; HTTP_PROXY in capitals it does not. */
static void allow_proxies(struct landlock_ports *ports)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *proxy = getenv(names[i]);
        if (proxy && *proxy)
            allow_proxy(ports, proxy);
    }
}

void reach_confine(struct reach *reach, const char *endpoint)
{
    struct hardening hardening = {.rules = {.limited = LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_RUN,
                                      .bind.limited = true,
                                      .scoped = true},
        .forbidden = FILTER_NO_EXEC | FILTER_NO_LISTENING | FILTER_NO_WRITING};
    if (!reach->sandbox) {
        log_warn("--no-sandbox: this worker is not confined");
        return;
    }
    if (reach->ports.limited) {
        allow_endpoint(&reach->ports, endpoint);
        allow_proxies(&reach->ports);
        hardening.rules.connect = reach->ports;
    }
    hardening_allow_runtime(&hardening);
    hardening_allow_resolver(&hardening);
    hardening_allow_manager(&hardening);
    hardening_apply(&hardening);
}

/* The port of what is to be connected to that cannot be; 0: none. */
static int find_shut(const struct landlock_ports *ports, const char *results, int upstream_port)
{
    struct landlock_ports wanted = {0};
    allow_endpoint(&wanted, results);
    if (upstream_port)
        landlock_allow_port(&wanted, (uint16_t)upstream_port);
    for (unsigned i = 0; i < wanted.count; i++)
        if (!landlock_has_port(ports, wanted.ports[i]))
            return wanted.ports[i];
    return 0;
}

enum reach_outcome reach_welcome(
    struct reach_session *session, const char *endpoint, const char *results, const char *url, int *shut)
{
    int upstream_port = endpoint_url_port(url);
    if (!session->reach->sandbox)
        return REACH_OPEN;
    if (session->reach->ports.limited || session->narrowed) {
        *shut =
            find_shut(session->narrowed ? &session->ports : &session->reach->ports, results, upstream_port);
        return !*shut ? REACH_OPEN : session->narrowed ? REACH_CHANGED : REACH_SHUT;
    }
    struct landlock_rules rules = {0};
    allow_endpoint(&rules.connect, endpoint);
    allow_endpoint(&rules.connect, results);
    landlock_allow_port(&rules.connect, DNS_PORT);
    if (upstream_port) /* else it is no address that could be fetched from */
        landlock_allow_port(&rules.connect, (uint16_t)upstream_port);
    allow_proxies(&rules.connect);
    if (!hardening_narrow(&rules))
        log_warn("cannot shut the ports that are not needed: %s", strerror(errno));
    session->ports = rules.connect;
    session->narrowed = true;
    return REACH_OPEN;
}
