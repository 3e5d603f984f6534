#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/str.h"

#define MS_PER_DAY INT64_C(86400000)

static int64_t real_now_us(const struct clock *c)
{
	struct timespec ts;

	(void)c;
	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		abort();
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

const struct clock clock_real = { real_now_us, 0 };

static int64_t virtual_now_us(const struct clock *c)
{
	return c->virtual_us;
}

void clock_virtual_init(struct clock *c, int64_t start_ms)
{
	*c = (struct clock){ virtual_now_us, start_ms * 1000 };
}

void clock_virtual_set(struct clock *c, int64_t now_ms)
{
	assert(c->now_us == virtual_now_us);
	c->virtual_us = now_ms * 1000;
}

void clock_virtual_advance(struct clock *c, int64_t ms)
{
	assert(c->now_us == virtual_now_us);
	c->virtual_us += ms * 1000;
}

int64_t clock_mono_ns(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) < 0)
		abort();
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec until;

	if (ms <= 0 || clock_gettime(CLOCK_MONOTONIC, &until) < 0)
		return;
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
	       EINTR)
		;
}

/* The calendar in years that begin on the first of March, so that the leap
 * day is the last of its year; 400 of them are an era of 146097 days. */
#define ERA_DAYS INT64_C(146097)
#define DAYS_TO_1970 INT64_C(719468)	/* from 0000-03-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t time_from_civil(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2), era = floor_div(y, 400);
	int64_t in_era = y - era * 400;
	int64_t m = (month + 9) % 12;		/* March is 0 */
	int64_t in_year = (153 * m + 2) / 5 + day - 1;

	return era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 +
	       in_year - DAYS_TO_1970;
}

void time_to_civil(int64_t days, int *ret_y, int *ret_m, int *ret_d)
{
	int64_t z = days + DAYS_TO_1970, era = floor_div(z, ERA_DAYS);
	int64_t in_era = z - era * ERA_DAYS;
	int64_t y = (in_era - in_era / 1460 + in_era / 36524 -
		     in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * in_year + 2) / 153;

	*ret_d = (int)(in_year - (153 * m + 2) / 5 + 1);
	*ret_m = (int)(m < 10 ? m + 3 : m - 9);
	*ret_y = (int)(y + era * 400 + (*ret_m <= 2));
}

size_t time_format(char buf[static TIME_TEXT_MAX], int64_t ms)
{
	int64_t days = floor_div(ms, MS_PER_DAY), in_day = ms - days * MS_PER_DAY;
	int sec = (int)(in_day / 1000), y, m, d, n;

	time_to_civil(days, &y, &m, &d);
	n = snprintf(buf, TIME_TEXT_MAX,
		     y < 0 || y > 9999 ? "%+05d-%02d-%02dT%02d:%02d:%02d.%03dZ" :
					 "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
		     y, m, d, sec / 3600, sec / 60 % 60, sec % 60,
		     (int)(in_day % 1000));
	assert(n > 0 && n < TIME_TEXT_MAX);
	return (size_t)n;
}

/* Exactly n digits at *p, which moves on. */
static bool take(const char **p, int n, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*ret = v;
	return true;
}

static bool take_c(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static int days_in_month(int y, int m)
{
	static const int n[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	return n[m - 1] + (m == 2 && leap);
}

/* ".1" to ".123456789": milliseconds, the rest is cut off. */
static bool take_fraction(const char **p, int *ret)
{
	int ms = 0, n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++, n++)
		if (n < 3)
			ms = ms * 10 + (**p - '0');
	if (n == 0 || n > 9)
		return false;
	for (; n < 3; n++)
		ms *= 10;
	*ret = ms;
	return true;
}

/* "hh:mm[:ss[.fff]]" as milliseconds. */
static bool take_time(const char **p, int64_t *ret)
{
	int h, min, s = 0, ms = 0;

	if (!take(p, 2, &h) || !take_c(p, ':') || !take(p, 2, &min) ||
	    h > 23 || min > 59)
		return false;
	if (take_c(p, ':')) {
		if (!take(p, 2, &s) || s > 59)
			return false;
		if (take_c(p, '.') && !take_fraction(p, &ms))
			return false;
	}
	*ret = ((h * 60 + min) * 60 + s) * INT64_C(1000) + ms;
	return true;
}

/* "", "Z", "+hh:mm": minutes east. */
static bool take_zone(const char **p, int *ret)
{
	int sign = **p == '-' ? -1 : 1, h, min;

	*ret = 0;
	if (**p == '\0' || take_c(p, 'Z') || take_c(p, 'z'))
		return true;
	if (!take_c(p, '+') && !take_c(p, '-'))
		return false;
	if (!take(p, 2, &h) || !take_c(p, ':') || !take(p, 2, &min) ||
	    h > 23 || min > 59)
		return false;
	*ret = sign * (h * 60 + min);
	return true;
}

bool time_parse(int64_t *ret_ms, const char *s)
{
	int64_t in_day = 0;
	int y, m, d, zone = 0;

	if (str_i64(str_c(s), ret_ms))
		return true;
	if (!take(&s, 4, &y) || !take_c(&s, '-') || !take(&s, 2, &m) ||
	    !take_c(&s, '-') || !take(&s, 2, &d))
		return false;
	if (m < 1 || m > 12 || d < 1 || d > days_in_month(y, m))
		return false;
	if (*s != '\0') {
		if (!take_c(&s, 'T') && !take_c(&s, ' ') && !take_c(&s, 't'))
			return false;
		if (!take_time(&s, &in_day) || !take_zone(&s, &zone) ||
		    *s != '\0')
			return false;
	}
	*ret_ms = time_from_civil(y, m, d) * MS_PER_DAY + in_day -
		  zone * INT64_C(60000);
	return true;
}
