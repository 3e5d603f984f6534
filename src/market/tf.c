#include "config.h"
#include "market/market.h"
#include "core/clock.h"

#define DAY_MS 86400000LL
/* 1970-01-01 was a Thursday; weeks begin on Monday. */
#define WEEK_SHIFT_MS (3 * DAY_MS)

static const struct { const char *name; int64_t ms; } tfs[TF__MAX] = {
#define X(id, n, text, ms) [TF_##id] = { text, ms },
	TF_LIST(X)
#undef X
};

bool tf_valid(int64_t n)
{
	return n >= 1 && n < TF__MAX;
}

const char *tf_name(enum tf tf)
{
	assert(tf_valid(tf));
	return tfs[tf].name;
}

bool tf_parse(struct str s, enum tf *ret)
{
	for (int i = 1; i < TF__MAX; i++) {
		if (str_eqc(s, tfs[i].name)) {
			*ret = (enum tf)i;
			return true;
		}
	}
	return false;
}

int64_t tf_ms(enum tf tf)
{
	assert(tf_valid(tf));
	return tfs[tf].ms;
}

static int64_t floor_to(int64_t t, int64_t step)
{
	int64_t r = t % step;

	return t - (r < 0 ? r + step : r);
}

int64_t tf_open(enum tf tf, int64_t t)
{
	int y, m, d;

	if (tf == TF_1W)
		return floor_to(t + WEEK_SHIFT_MS, tf_ms(tf)) - WEEK_SHIFT_MS;
	if (tf != TF_1MO)
		return floor_to(t, tf_ms(tf));
	time_to_civil(floor_to(t, DAY_MS) / DAY_MS, &y, &m, &d);
	return time_from_civil(y, m, 1) * DAY_MS;
}

int64_t tf_next(enum tf tf, int64_t open)
{
	int y, m, d;

	if (tf != TF_1MO)
		return open + tf_ms(tf);
	time_to_civil(floor_to(open, DAY_MS) / DAY_MS, &y, &m, &d);
	return time_from_civil(m == 12 ? y + 1 : y, m == 12 ? 1 : m + 1, 1) *
		DAY_MS;
}

/* Months since year 0 of the first month whose open is >= t. */
static int64_t month_ceil(int64_t t)
{
	int y, m, d;
	int64_t open = tf_open(TF_1MO, t);

	time_to_civil(open / DAY_MS, &y, &m, &d);
	return (int64_t)y * 12 + m - 1 + (open < t);
}

int64_t tf_count(enum tf tf, int64_t from, int64_t to)
{
	int64_t a, b;

	if (to <= from)
		return 0;
	if (tf == TF_1MO)
		return month_ceil(to) - month_ceil(from);
	a = tf_open(tf, from - 1);	/* the last open before each end */
	b = tf_open(tf, to - 1);
	return (b - a) / tf_ms(tf);
}

bool tf_divides(enum tf fine, enum tf coarse)
{
	if (fine == coarse)
		return true;
	if (tf_ms(fine) > tf_ms(coarse))
		return false;
	/* Weeks and months begin at any day, but always at a midnight. */
	if (coarse == TF_1W || coarse == TF_1MO)
		return DAY_MS % tf_ms(fine) == 0;
	return tf_ms(coarse) % tf_ms(fine) == 0;
}
