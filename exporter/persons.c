#include "exporter/persons.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define LONG_DATE (PERSONS_DATE_INLINE + 1)

struct persons persons_make(void)
{
    return (struct persons){.ids = string_pool_make(), .long_dates = string_pool_make()};
}

void persons_free(struct persons *persons)
{
    string_pool_free(&persons->ids);
    string_pool_free(&persons->long_dates);
    free(persons->persons);
}

static struct text date_of(const struct persons *persons, const struct person *person)
{
    if (person->date_length < LONG_DATE)
        return (struct text){person->date, person->date_length};
    uint32_t number;
    memcpy(&number, person->date, sizeof number);
    return string_pool_text(&persons->long_dates, number);
}

static void set_date(struct persons *persons, struct person *person, struct text date)
{
    if (date.length <= PERSONS_DATE_INLINE) {
        person->date_length = (uint8_t)date.length;
        if (date.length)
            memcpy(person->date, date.data, date.length);
        return;
    }
    uint32_t number = string_pool_add(&persons->long_dates, date, NULL);
    person->date_length = LONG_DATE;
    memcpy(person->date, &number, sizeof number);
}

static bool is_later(struct text left, struct text right)
{
    uint32_t common = left.length < right.length ? left.length : right.length;
    int order = common ? memcmp(left.data, right.data, common) : 0;
    return order ? order > 0 : left.length > right.length;
}

void persons_add(struct persons *persons, struct text id, struct text date_time, uint32_t team)
{
    bool is_new;
    uint32_t number = string_pool_add(&persons->ids, id, &is_new);
    if (number >= persons->capacity) {
        persons->capacity = persons->capacity ? persons->capacity * 2 : 1024;
        persons->persons = memory_resize(persons->persons, persons->capacity, sizeof *persons->persons);
    }
    struct person *person = &persons->persons[number];
    if (is_new)
        *person = (struct person){.team = STRING_NONE};
    if (team == STRING_NONE ||
        (person->team != STRING_NONE && !is_later(date_time, date_of(persons, person))))
        return;
    person->team = team;
    set_date(persons, person, date_time);
}

uint32_t persons_count(const struct persons *persons)
{
    return persons->ids.count;
}

uint32_t persons_teams(const struct persons *persons, uint32_t team_count)
{
    uint8_t *seen = memory_zalloc(team_count, 1);
    uint32_t teams = 0;
    for (uint32_t i = 0; i < persons->ids.count; i++) {
        uint32_t team = persons->persons[i].team;
        if (team == STRING_NONE || seen[team])
            continue;
        seen[team] = 1;
        teams++;
    }
    free(seen);
    return teams;
}
