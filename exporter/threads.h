#ifndef R3E_EXPORTER_THREADS_H
#define R3E_EXPORTER_THREADS_H
/* A few threads that run the same function until it returns. */
#include <pthread.h>

#define THREADS_MAX 17u

struct threads {
    pthread_t ids[THREADS_MAX];
    unsigned count;
};

typedef void *(*threads_function)(void *context);

/* Starts `count` (at least 1) threads on `context`. Where the system gives fewer, fewer run; where it gives
 * none, the function is run here, before this returns. */
struct threads threads_start(unsigned count, threads_function function, void *context);

/* Waits until all have returned. */
void threads_join(struct threads *threads);

#endif
