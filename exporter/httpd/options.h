#ifndef R3E_EXPORTER_HTTPD_OPTIONS_H
#define R3E_EXPORTER_HTTPD_OPTIONS_H

/* Borrowed from argv. */
struct options {
    const char *public_dir;
    const char *listen; /* ADDRESS:PORT */
};

enum options_outcome {
    OPTIONS_RUN,
    OPTIONS_DONE,  /* --help or --version was answered */
    OPTIONS_WRONG, /* what is wrong was written to standard error */
};

enum options_outcome options_parse(struct options *options, int argc, char **argv);

#endif
