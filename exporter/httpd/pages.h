#ifndef R3E_EXPORTER_HTTPD_PAGES_H
#define R3E_EXPORTER_HTTPD_PAGES_H
/* The answers that are no files of the public folder: errors, and a start page where the folder has none. */
#include <microhttpd.h>
#include <stdbool.h>

/* For people with a browser, until index.html is published. NULL: no memory, as for all here. */
struct MHD_Response *page_start(bool has_data);

/* One line of text, or for browsers (`html`) a page with a way to the start. `text` is a literal without
 * characters that HTML escapes. */
struct MHD_Response *page_error(unsigned status, const char *text, bool html);

/* One line of text that no cache keeps, for those who watch over servers. */
struct MHD_Response *page_probe(const char *text);

/* Adds the fields that every answer has: what keeps a page that was tampered with from doing harm. NULL is
 * allowed. */
void page_add_safety(struct MHD_Response *response);

#endif
