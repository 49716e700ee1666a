#ifndef R3E_EXPORTER_OPTIONS_H
#define R3E_EXPORTER_OPTIONS_H
/* The exporter's command line. */
#include <stdbool.h>
#include <stdint.h>

enum layout { LAYOUT_FLAT = 1, LAYOUT_SHARDED = 2 };

#define OPTIONS_THREADS_MAX 16

struct options {
    const char *store;  /* the LMDB environment's folder; points into argv, as all strings here */
    const char *public; /* the site's root; files go below cache/ in it */
    unsigned layouts;   /* bits of enum layout */
    bool full;
    bool report; /* figures as one JSON object on standard output */
    unsigned threads;
    int64_t max_rss_kb; /* 0: no limit */
    int64_t timeout_ms; /* 0: no limit */
    bool sandbox;       /* give up what is not needed (confine.h) */
};

/* Reads the command line. `--help` and `--version` print and exit 0; a wrong one prints what is wrong and
 * exits 2. */
struct options options_read(int argc, char **argv);

#endif
