#ifndef R3E_EXPORTER_HTTPD_FILE_RESPONSE_H
#define R3E_EXPORTER_HTTPD_FILE_RESPONSE_H
/* The answer to a request for a published file: conditions, range, encoding, header fields. */
#include <microhttpd.h>
#include <stdatomic.h>

#include "exporter/httpd/public_folder.h"

struct file_request {
    struct MHD_Connection *connection;
    const char *folder;
    const char *path;       /* as url_path_decode gave it */
    atomic_uint *inflaters; /* see inflate_response.h */
};

/* Fills `*response` (the caller's to destroy) and `*status`, or returns why there is no such file. A `.json`
 * of which only the `.json.gz` exists is sent from that: gzip-encoded, or inflated for clients that do not
 * take gzip. PUBLIC_FOLDER_BUSY also where memory is short. */
enum public_folder_outcome file_response(
    const struct file_request *request, struct MHD_Response **response, unsigned *status);

#endif
