// Turns rows into the JSON that the service answers with. The truth is written by the same functions.
#pragma once

#include "tests/upstream/text.h"
#include "tests/upstream/world.h"

#include <stdint.h>

// A board as it is shown: regular, or bent by a fault.
enum page_bend {
    PAGE_REGULAR,
    PAGE_SHIFTED,    // somebody new is on top since the first page was fetched
    PAGE_DUPLICATED, // the first row is there twice
    PAGE_ENDLESS,    // behind the last row comes the first again
};

struct page_request {
    uint32_t track_id; // what was asked for
    uint32_t class_id;
    uint32_t shown;   // the board whose rows are shown, or PAGE_NO_BOARD
    uint64_t start;   // first place
    uint32_t count;   // at most so many rows
    uint32_t percent; // only this share of the board's rows exists, from the top; 100: all
    enum page_bend bend;
};

#define PAGE_NO_BOARD UINT32_MAX

// Upper limit of an entry's length in bytes; names are shorter than that allows (see names.h, catalogue.h).
enum { PAGE_ENTRY_MAX = 16384 };

// Appends {"context":{"c":{"get":{…},"results":[…]}}}.
void page_append_listing(struct text *out, const struct world *world, const struct page_request *request);

// Appends the ENTRY objects of `request`, separated by commas.
void page_append_rows(struct text *out, const struct world *world, const struct page_request *request);

// Appends what precedes the rows of a listing: {"context":{"c":{"get":{…},"results":[
void page_append_head(struct text *out, const struct page_request *request);
