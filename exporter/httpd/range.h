#ifndef R3E_EXPORTER_HTTPD_RANGE_H
#define R3E_EXPORTER_HTTPD_RANGE_H
/* The Range field of a request (RFC 9110, 14): one range of bytes. */
#include <stdint.h>

enum range_outcome {
    RANGE_WHOLE,   /* none, several, or not understood: send everything (RFC 9110, 14.2) */
    RANGE_PART,    /* send `length` bytes from `offset` */
    RANGE_OUTSIDE, /* 416 */
};

struct range {
    uint64_t offset;
    uint64_t length; /* > 0 */
};

/* `header` may be NULL. `size` is that of the file. `*range` is filled for RANGE_PART. */
enum range_outcome range_parse(const char *header, uint64_t size, struct range *range);

#endif
