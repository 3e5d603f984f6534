#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H
/* clock.h - what time it is, and for whom.
 *
 * Decision code never asks the machine: it is given a struct clock, which in
 * a backtest or a test is set by hand.  Times are int64 milliseconds since
 * 1970 UTC (microseconds where a name ends in _us). */
#include "core/base.h"

struct clock {
	int64_t (*now_us)(const struct clock *c);
	int64_t virtual_us;	/* what a virtual clock says */
};

extern const struct clock clock_real;		/* CLOCK_REALTIME */
void clock_virtual_init(struct clock *c, int64_t start_ms);
void clock_virtual_set(struct clock *c, int64_t now_ms);
void clock_virtual_advance(struct clock *c, int64_t ms);

static inline int64_t clock_us(const struct clock *c) { return c->now_us(c); }
static inline int64_t clock_ms(const struct clock *c)
{
	return c->now_us(c) / 1000;
}

/* Durations and deadlines: CLOCK_BOOTTIME nanoseconds, real machine only. */
int64_t clock_mono_ns(void);
void clock_sleep_ms(int64_t ms);		/* whole, over signals too */

/* "2025-01-31T23:59:59.123Z"; parse also takes "2025-01-31",
 * "2025-01-31 23:59:59", offsets "+02:00" and plain milliseconds. */
#define TIME_TEXT_MAX 32
size_t time_format(char buf[static TIME_TEXT_MAX], int64_t ms);
MUST_CHECK bool time_parse(int64_t *ret_ms, const char *s);
/* Proleptic Gregorian; month 1..12, day 1..31. */
int64_t time_from_civil(int year, int month, int day);	/* days since 1970 */
void time_to_civil(int64_t days, int *ret_y, int *ret_m, int *ret_d);

#endif /* CORE_CLOCK_H */
