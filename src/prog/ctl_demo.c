#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "auth/auth.h"
#include "core/clock.h"
#include "core/sbuf.h"
#include "db/db.h"
#include "prog/ctl.h"
#include "prog/demo_bot.h"
#include "xchg/sim.h"

/* The market that a fresh installation begins with.  Run again, it adds what
 * has been missed since; nothing is ever made twice. */

#define DAY_MS		86400000LL
#define PART		50000		/* candles a transaction */
#define TEXT_MAX	((size_t)1 << 20)

static const char *const symbols[] = { "BTC/USDT", "ETH/USDT", "SOL/USDT" };
static const struct { enum tf tf; int64_t days; } histories[] = {
	{ TF_1H, 730 }, { TF_1M, 30 },
};

struct demo {
	struct ctl *c;
	struct db *db;
	int64_t now;
	uint64_t added, rounds;
	struct ctl_progress bar;
};

static int add_history(struct demo *d, struct sim *s, uint64_t market_id,
		       enum tf tf, int64_t days, struct err *err)
{
	int64_t end = tf_open(tf, d->now), from = tf_open(tf, d->now - days *
							  DAY_MS);
	struct series have;
	int rc = series_get(d->db, market_id, tf, &have, err);

	if (rc == 0)
		from = tf_next(tf, have.to);
	else if (rc != -E_NOTFOUND)
		return rc;
	while (from < end) {
		int64_t to = from + PART * tf_ms(tf);

		to = to < end ? to : end;
		SCOPE(tmp, d->c->arena) {
			struct store_stats st;
			struct candles cs;

			rc = sim_candles(tmp, s, tf, from, to, &cs, err);
			if (rc == 0)
				rc = candles_append(d->db, market_id, tf, &cs,
						    &st, err);
			if (rc < 0)
				return rc;
			d->added += st.added;
		}
		from = to;
	}
	ctl_progress_at(&d->bar, ++d->rounds);
	return 0;
}

static int add_market(struct demo *d, const char *symbol, uint64_t *ret_id,
		      struct err *err)
{
	SCOPE(tmp, d->c->arena) {
		struct sim *s = sim_new(tmp, (uint64_t)d->c->conf->sim_seed,
					symbol);
		struct market m;
		int rc;

		sim_market(s, &m);
		rc = market_ensure(d->db, &m, "sim", NULL, err);
		for (size_t i = 0; rc == 0 && i < ARRAY_LEN(histories); i++)
			rc = add_history(d, s, m.id, histories[i].tf,
					 histories[i].days, err);
		if (rc < 0) {
			err_wrap(err, "sim:%s", symbol);
			return rc;
		}
		*ret_id = m.id;
	}
	return 0;
}

/* The first administrator's bot, if there is somebody to have it. */
static int add_bot(struct demo *d, uint64_t market_id, uint64_t *ret_id,
		   struct err *err)
{
	*ret_id = 0;
	SCOPE(tmp, d->c->arena) {
		struct rows r;
		uint64_t user = 0;
		int rc = db_select(tmp, d->db, Q_USER_LIST, NOARGS, &r, err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i < r.n; i++)
			if (row_u64(&r, i, 2) == USER_ADMIN &&
			    row_null(&r, i, 4) &&
			    (user == 0 || row_u64(&r, i, 0) < user))
				user = row_u64(&r, i, 0);
		return user == 0 ? 0 : demo_bot(d->db, user, market_id, TF_1H,
						ret_id, err);
	}
	return 0;
}

int ctl_demo(struct ctl *c)
{
	bool no_bot = false;
	const struct ctl_opt opts[] = {
		{ "no-bot", 0, CTL_FLAG, &no_bot, NULL,
		  "make the market only", 0, 0 },
		{ 0 } };
	struct demo d = { .c = c, .now = clock_ms(&clock_real) };
	int64_t began = clock_mono_ns();
	struct sbuf b;
	struct err err;
	uint64_t id, first = 0, bot = 0;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status) || !ctl_conf(c, &status))
		return status;
	d.db = db_new(c->arena, c->conf);
	ctl_progress_start(&d.bar, c, "making the demo market",
			   ARRAY_LEN(symbols) * ARRAY_LEN(histories));
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		if (add_market(&d, symbols[i], &id, &err) < 0) {
			ctl_progress_end(&d.bar);
			return ctl_fail(c, &err);
		}
		first = first != 0 ? first : id;
	}
	ctl_progress_end(&d.bar);
	if (!no_bot && add_bot(&d, first, &bot, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, TEXT_MAX);
	sbuf_addf(&b, "sim: %zu markets, %" PRIu64 " candles added in %.1f s\n",
		  ARRAY_LEN(symbols), d.added,
		  (double)(clock_mono_ns() - began) / 1e9);
	if (bot != 0)
		sbuf_addf(&b, "paper bot %" PRIu64 "\n", bot);
	return ctl_print(c, &b);
}
