#ifndef R3E_COORDINATOR_ZAP_REQUEST_H
#define R3E_COORDINATOR_ZAP_REQUEST_H
/* The messages of ZAP, the ZeroMQ authentication protocol (RFC 27): libzmq asks one question for each peer
 * whose handshake is complete, the handler answers. Pure. */
#include <stdbool.h>

#include "common/key_file.h"
#include "common/pack_reader.h"

#define ZAP_REQUEST_FRAMES       9 /* with the ROUTER's identity and the empty frame behind it */
#define ZAP_REQUEST_ID_SIZE      256
#define ZAP_REQUEST_DOMAIN_SIZE  16
#define ZAP_REQUEST_ADDRESS_SIZE 64

struct zap_request {
    struct text id;                         /* to be repeated in the answer; points into the frames */
    char domain[ZAP_REQUEST_DOMAIN_SIZE];   /* which socket the peer knocked at */
    char address[ZAP_REQUEST_ADDRESS_SIZE]; /* where it came from, as libzmq says */
    char public_key[KEY_FILE_Z85_SIZE];
};

/* Takes a request apart. False: `*problem` is a constant string saying what is wrong. `request->id` is set
 * whenever there is something to answer to; its length is 0 if there is not. */
bool zap_request_parse(
    const struct text *frames, unsigned count, struct zap_request *request, const char **problem);

/* The same address; IPv4 as such, which libzmq writes as mapped into IPv6 where that is on. */
struct text zap_request_plain_address(struct text address);

#endif
