#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bt/store.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "prog/jobs.h"

/* The job "backtest": runs a stored backtest.  Those who watch are told; the
 * truth is in the row. */

#define TELL_NS		400000000LL
#define LEASE_MS	60000
/* More than these are no list that anybody reads, and memory is not endless. */
#define TRADES_MAX	500000

struct running {
	const struct job_env *e;
	const struct job *j;
	struct backtest *b;
	int64_t start_ns, told_ns;
	enum { RUN_ON, RUN_UNWANTED, RUN_BROKEN } stop;
	struct err why;			/* of RUN_BROKEN */
};

/* A sign of life: the lease goes on, the row says how far it is, and whether
 * anybody still waits for it. */
static int alive(void *ctx, size_t done, size_t total)
{
	struct running *r = ctx;
	struct backtest *b = r->b;
	int64_t now = clock_mono_ns();
	int rc;

	if (FAULT("backtest.run")) {
		r->stop = RUN_BROKEN;
		return FAIL(&r->why, E_IO, "fault: backtest.run");
	}
	if (now - r->told_ns < TELL_NS)
		return 0;
	r->told_ns = now;
	b->permille = total > 0 ? (unsigned)(done * 1000 / total) : 0;
	b->has_eta = done > 0;
	b->eta_ms = done > 0 ? (int64_t)((double)(now - r->start_ns) / 1e6 *
		(double)(total - done) / (double)done) : 0;
	rc = job_renew(r->e->db, r->j, LEASE_MS, (int)b->permille, &r->why);
	if (rc == 0)
		rc = bt_store_progress(r->e->db, b->id, r->j->lease, b->permille,
				       b->eta_ms, &r->why);
	if (rc < 0) {
		r->stop = RUN_BROKEN;
		return rc;
	}
	if (rc == 0) {
		r->stop = RUN_UNWANTED;
		return -E_CONFLICT;
	}
	bt_store_tell(b, "progress");
	return 0;
}

static int parse(struct arena *a, const char *text, const struct json **ret,
		 struct err *err)
{
	*ret = NULL;
	return text == NULL ? 0 : json_parse(a, text, strlen(text), ret, err);
}

static int prepare(struct running *r, struct bt_setup *s, struct err *err)
{
	const struct job_env *e = r->e;
	struct backtest *b = r->b;
	struct market *m = NEW(e->arena, struct market);
	const struct json *inputs, *options;
	struct diags diags;
	int rc = market_by_id(e->db, b->market_id, m, err);

	if (rc == 0)
		rc = parse(e->arena, b->inputs, &inputs, err);
	if (rc == 0)
		rc = parse(e->arena, b->options, &options, err);
	if (rc == 0)
		rc = bt_setup_script(e->arena, b->source, inputs, options, s,
				     &diags, err);
	if (rc < 0)
		return rc;
	bt_setup_market(e->arena, m, b->tf, s);
	if (b->rules_set != BT_RULES_FREQTRADE)
		s->opt.rules_set = b->rules_set;
	s->opt.progress = alive;
	s->opt.ctx = r;
	rc = bt_setup_candles(e->arena, e->db, b->market_id, b->tf, b->from,
			      b->to, s, err);
	if (rc == 0)
		rc = bt_setup_models(e->arena, ml_shelf_new(e->arena,
				     e->conf->model_dir), e->db, b->user_id,
				     b->market_id, b->tf, s, err);
	return rc;
}

static int keepable(size_t trades, struct err *err)
{
	return trades <= TRADES_MAX ? 0 :
		FAIL(err, E_UNPROCESSABLE, "it made %zu trades, %d can be kept: "
		     "choose a shorter range", trades, TRADES_MAX);
}

/* The script drawn while it holds nothing: its plots, signs of life, and how
 * long it takes. */
#define DRAW_NS		(6 * 60 * 1000000000LL)
struct drawing {
	struct running *r;
	struct bt_plots plots;
	bool late;
};

static int draw_bar(void *ctx, size_t i, const struct script_vm *vm)
{
	struct drawing *d = ctx;

	(void)bt_plots_bar(&d->plots, i, vm);
	if (i % 64 != 0)
		return 0;
	d->late = clock_mono_ns() - d->r->start_ns > DRAW_NS;
	return d->late ? -E_LIMIT : alive(d->r, i, 2 * d->plots.bars);
}

/* Under these rules a run says nothing while it lasts, so its lease is long;
 * and a script that would take longer than that is found out before. */
static int freqtrade(struct running *r, const struct bt_setup *s,
		     struct bt_record *ret, struct err *err)
{
	struct arena *a = r->e->arena;
	struct ft_result *res = NEW(a, struct ft_result);
	struct drawing d = { .r = r };
	struct ft_rules rules;
	const struct json *j;
	int rc = parse(a, r->b->rules, &j, err);

	if (rc == 0)
		rc = bt_setup_freqtrade(j, r->b->tf, s, &rules, err);
	if (rc < 0)
		return rc;
	bt_plots_init(a, s->prog, s->bars.n, BT_PLOT_VALUES, &d.plots);
	d.plots.t = s->bars.t;
	rc = bt_plots_run(a, s->prog, s->binding, &s->market, &s->bars, draw_bar,
			  &d, err);
	if (d.late)
		return FAIL(err, E_LIMIT, "the script takes too long for its range: "
			    "choose a shorter one");
	if (rc == 0 && job_renew(r->e->db, r->j, 15 * LEASE_MS, 500, &r->why) < 0) {
		r->stop = RUN_BROKEN;
		return -(int)r->why.code;
	}
	if (rc == 0)
		rc = bt_run_freqtrade(a, s, &rules, res, err);
	if (rc == 0)
		rc = keepable(res->n_trades, err);
	if (rc == 0)
		rc = bt_record_freqtrade(a, res, &d.plots, ret, err);
	if (rc == 0)
		ret->title = script_properties(s->prog)->title;
	return rc;
}

static int chart(struct running *r, struct bt_setup *in, struct bt_record *ret,
		 struct err *err)
{
	struct arena *a = r->e->arena;
	struct bt_result *res = NEW(a, struct bt_result);
	struct bt_plots plots;
	struct bt_setup s = *in;
	int rc;

	bt_plots_init(a, s.prog, s.bars.n, BT_PLOT_VALUES, &plots);
	if (plots.n > 0) {
		s.opt.each_bar = bt_plots_bar;
		s.opt.bar_ctx = &plots;
	}
	rc = bt_run(a, s.prog, s.binding, &s.market, &s.bars, &s.opt, res, err);
	if (rc != 0)
		return rc;
	rc = keepable(res->n_trades, err);
	return rc < 0 ? rc : bt_record_chart(a, res, in->market.symbol, &plots,
					     ret, err);
}

static int simulate(struct running *r, struct bt_record *ret, struct err *err)
{
	struct bt_setup *s = NEW(r->e->arena, struct bt_setup);
	int rc = prepare(r, s, err);

	if (rc < 0)
		return rc;
	if (s->bars.n == 0)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles");
	switch (r->b->rules_set) {
	case BT_RULES_FREQTRADE:
		return freqtrade(r, s, ret, err);
	case BT_RULES_CHART:
	case BT_RULES_STRICT:
		break;
	}
	return chart(r, s, ret, err);
}

/* Errors that are the script's or the request's own have sentences for their
 * owner; those that may pass are tried again; the rest is the program's. */
static bool owners(int rc)
{
	return rc == -E_INVAL || rc == -E_LIMIT || rc == -E_UNPROCESSABLE ||
		rc == -E_TOOBIG;
}

static int ended(struct running *r, int rc, struct err *err)
{
	struct backtest *b = r->b;
	int64_t now = clock_ms(&clock_real);

	if (r->stop == RUN_BROKEN) {
		*err = r->why;
		return rc;
	}
	b->has_eta = false;
	if (r->stop == RUN_UNWANTED || rc == -E_CONFLICT) {
		b->state = BT_CANCELLED;
		rc = bt_store_cancelled(r->e->db, b->id, now, err);
	} else if (rc == 0) {
		b->state = BT_DONE;
		b->permille = 1000;
	} else if (owners(rc) || rc == -E_BUG || rc == -E_NOTFOUND) {
		if (!owners(rc))
			log_error(NULL, "backtest %" PRIu64 ": %s", b->id, err->msg);
		b->state = BT_FAILED;
		b->error = owners(rc) ? arena_strdup(r->e->arena, err->msg) :
			"the run failed inside the program; its log says why";
		rc = bt_store_fail(r->e->db, b->id, r->j->lease, b->error, now,
				   err);
	} else {
		return rc;
	}
	if (rc == 0)
		bt_store_tell(b, "state");
	return rc;
}

int job_backtest(const struct job_env *e, const struct job *j,
		 const char **ret_result, struct err *err)
{
	int64_t now = clock_mono_ns();
	struct running r = { e, j, NEW(e->arena, struct backtest), now, now,
			     RUN_ON, { 0 } };
	const struct json *in;
	struct bt_record rec;
	uint64_t id;
	int rc = parse(e->arena, j->input, &in, err);

	if (rc < 0)
		return rc;
	if (!json_u64(json_get(in, "id"), &id))
		return FAIL(err, E_BUG, "the job names no backtest");
	rc = bt_store_begin(e->db, id, j->lease, clock_ms(&clock_real), err);
	if (rc == 0)
		return bt_store_cancelled(e->db, id, clock_ms(&clock_real), err);
	if (rc == 1)
		rc = bt_store_get(e->arena, e->db, id, r.b, err);
	if (rc < 0)
		return rc == -E_NOTFOUND ? 0 : rc;
	bt_store_tell(r.b, "state");
	rc = simulate(&r, &rec, err);
	if (rc == 0)
		rc = bt_store_done(e->db, id, j->lease, &rec,
				   clock_ms(&clock_real), err);
	if (rc == 0 && FAULT("backtest.done"))
		return FAIL(err, E_IO, "fault: backtest.done");
	rc = ended(&r, rc, err);
	if (rc == 0)
		*ret_result = arena_printf(e->arena, "{\"id\":%" PRIu64
					   ",\"state\":\"%s\"}", id,
					   bt_state_name(r.b->state));
	return rc;
}

int job_backtest_tidy(const struct job_env *e, const struct job *j,
		      const char **ret_result, struct err *err)
{
	(void)j;
	(void)ret_result;
	return bt_store_tidy(e->db, clock_ms(&clock_real),
			     e->conf->backtest_keep * 1000, err);
}
