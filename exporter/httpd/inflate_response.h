#ifndef R3E_EXPORTER_HTTPD_INFLATE_RESPONSE_H
#define R3E_EXPORTER_HTTPD_INFLATE_RESPONSE_H
/* A gzip file sent inflated, piece by piece, to the rare client that does not take gzip. */
#include <microhttpd.h>
#include <stdatomic.h>

/* Each holds some 60 KiB while it runs. */
#define INFLATE_RESPONSES_MAX 16

/* A response that owns `fd` from now on, or NULL if too many run already (`running` counts them) or there is
 * no memory; then `fd` stays the caller's. A file that turns out broken ends the connection without the last
 * chunk, so that the client sees that something is missing. Released by MHD_destroy_response. */
struct MHD_Response *inflate_response(int fd, atomic_uint *running);

#endif
