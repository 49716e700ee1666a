#ifndef R3E_EXPORTER_HTTPD_CONFINE_H
#define R3E_EXPORTER_HTTPD_CONFINE_H
/* What the web server may do (common/hardening.h): read the public folder, and what its libraries read;
 * accept connections on the socket that listens already. It writes nothing and starts nothing. Without
 * --status it makes no socket; with it, it connects to that one's port at most, and reads what the resolver
 * reads if that is tcp. */
#include "exporter/httpd/options.h"

/* Sets the limits of the configuration (their defaults without one), and, with options->sandbox, confines the
 * process, for good. After listening, before threads. */
void confine(const struct options *options);

/* The same for the process of folder_broker.h: it reads below the folder that holds the public folder. */
void confine_broker(const char *public_dir);

#endif
