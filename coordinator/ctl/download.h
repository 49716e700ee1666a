#ifndef R3E_COORDINATOR_CTL_DOWNLOAD_H
#define R3E_COORDINATOR_CTL_DOWNLOAD_H
/* One file over HTTP, for commands that take a file or a URL. */
#include <stdbool.h>

#include "common/buffer.h"

#define DOWNLOAD_ERROR_SIZE 512

/* True for what begins with http:// or https://. */
bool download_is_url(const char *string);

/* Fills `out` (cleared first; its limit is the limit of the unpacked size) with what `url` answers with
 * status 200. TLS is verified; at most 5 redirects, from https only to https; `timeout_s` for everything.
 * False: `error` names the URL and the cause, `out` is empty. Not thread-safe: sets up libcurl. */
bool download(const char *url, long timeout_s, struct buffer *out, char error[static DOWNLOAD_ERROR_SIZE]);

#endif
