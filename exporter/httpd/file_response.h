#ifndef R3E_EXPORTER_HTTPD_FILE_RESPONSE_H
#define R3E_EXPORTER_HTTPD_FILE_RESPONSE_H
/* The answer to a request for a published file: conditions, range, encoding, header fields. */
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdint.h>

#include "exporter/httpd/public_folder.h"

struct file_request {
    struct MHD_Connection *connection;
    const struct public_folder *folder;
    const char *path; /* as url_path_decode gave it */
    bool head;        /* HEAD: Range means nothing (RFC 9110, 14.2) */
    bool always;      /* the whole file, whatever the client has or asks of it: for a page that comes with an
                         error */
    atomic_uint *inflaters; /* see inflate_response.h */
};

struct file_answer {
    struct MHD_Response *response; /* the caller's to destroy */
    unsigned status;
    uint64_t bytes; /* of the body, as far as is known */
};

/* Fills `*answer`, or returns why there is no such file. A `.json` of which only the `.json.gz` exists is
 * sent from that: gzip-encoded, or inflated for clients that do not take gzip. PUBLIC_FOLDER_BUSY also where
 * memory is short. */
enum public_folder_outcome file_response(const struct file_request *request, struct file_answer *answer);

#endif
