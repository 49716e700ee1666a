#ifndef R3E_EXPORTER_HTTPD_NEGOTIATE_H
#define R3E_EXPORTER_HTTPD_NEGOTIATE_H
/* Request fields that are lists: what a client has already and what it takes (RFC 9110, 12.5 and 13.1). */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

/* The same file under two encodings must not have the same tag. */
enum encoding { ENCODING_AS_IS, ENCODING_GZIP, ENCODING_INFLATED };

#define ETAG_SIZE      80
#define HTTP_DATE_SIZE 32

/* A strong tag, with its quotes. Files are replaced, never written to, so inode, size and time of change tell
 * any two contents apart. */
void etag_make(const struct stat *about, enum encoding encoding, char out[static ETAG_SIZE]);

/* Does If-Match or If-None-Match (NULL: absent) name the tag? Compared strongly or weakly (RFC
 * 9110, 8.8.3.2), as the one and the other want it. */
bool etag_listed(const char *header, const char *etag, bool strongly);

/* IMF-fixdate, as Last-Modified has it. */
void http_date(time_t time, char out[static HTTP_DATE_SIZE]);

/* The weight that a list such as Accept or Accept-Encoding gives to `name`, in thousandths; the greatest if
 * it is named more than once, -1 if it is not, or if `header` is NULL. What cannot be read as a weight counts
 * as 1. */
int accept_weight(const char *header, const char *name);

/* Does Accept-Encoding (NULL: absent, which means no) allow gzip? */
bool accepts_gzip(const char *header);

/* Does Accept name HTML, as browsers do, or all text? */
bool accepts_html(const char *header);

/* Does Accept prefer Prometheus' older text format (text/plain) to OpenMetrics? */
bool prefers_plain_metrics(const char *header);

#endif
