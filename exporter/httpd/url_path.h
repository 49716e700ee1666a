#ifndef R3E_EXPORTER_HTTPD_URL_PATH_H
#define R3E_EXPORTER_HTTPD_URL_PATH_H
/* From the path of a request, as it came, to a path below the public folder. */
#include <stddef.h>

#define URL_PATH_SIZE 512 /* of a decoded path, with the terminating zero */

enum url_path_outcome {
    URL_PATH_FOUND,    /* a path that may be opened below the public folder */
    URL_PATH_ROOT,     /* "/" */
    URL_PATH_NOTHING,  /* well-formed, but nothing is ever published under such a name: 404 */
    URL_PATH_BAD,      /* no path at all: 400 */
    URL_PATH_TOO_LONG, /* 414 */
};

/* Decodes %XX and checks. `url` begins with the path and has no query. URL_PATH_FOUND: `out` holds a relative
 * path without empty parts and without parts that begin with a dot (".", "..", and the temporary files that
 * the exporter renames when they are whole).
 *
 * URL_PATH_BAD: what does not begin with "/", a broken escape, a control character (NUL too), an escaped "/",
 * a backslash, or a part "." or "..": clients resolve those before they ask (RFC 3986, 5.2.4). */
enum url_path_outcome url_path_decode(const char *url, char out[static URL_PATH_SIZE]);

#endif
