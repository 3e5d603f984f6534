#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bt/sweep.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "db/db.h"
#include "proc/events.h"
#include "prog/jobs.h"

/* The job "sweep": {"id":N} begins a sweep, {"id":N,"fold":F,"first":A,"end":B}
 * does some of its trials, {"id":N,"last":true} draws the conclusion.  Who
 * commits the last trial of a batch queues what comes next, in the same
 * transaction, so one of its jobs waits or runs until it has ended. */

#define TELL_NS		400000000LL
#define LEASE_MS	60000
/* Bars times trials of a job: a few seconds of work. */
#define CHUNK_WORK	2e8
#define SIDE_BY_SIDE	64
#define CHUNKS_MAX	512
#define SHARE_MEMORY	((size_t)256 << 20)

struct sweeping {
	const struct job_env *e;
	const struct job *j;
	struct sweep *s;
	struct opt_spec spec;
	struct opt_data data;
	struct opt_share share;
	struct opt_fold *folds;
	size_t n_folds, per_fold;
	size_t fold, first, end;	/* of a chunk */
	struct opt_trial *v;		/* its trials */
	size_t n_v, at_work;		/* done; under way side by side */
	int64_t told_ns;
	enum { SW_ON, SW_UNWANTED, SW_BROKEN } stop;
	struct err why;			/* of SW_BROKEN */
	struct sweep_score *scores;
	size_t n_scores;
	struct opt_result *result;
	bool wanted, over;
};

static void tell(const struct sweeping *r, const char *type)
{
	struct arena *a CLEANUP(arena_free) = arena_new("tell", 1 << 20);
	const struct sweep *s = r->s;
	int64_t eta = sweep_eta(s, clock_ms(&clock_real));
	char topic[48];
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, a, EVENT_MAX);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_ku64(&w, "id", s->id);
	jw_kstr(&w, "state", bt_state_name(s->state));
	jw_kf64(&w, "progress", s->total > 0 ? (double)s->done / (double)s->total : 0);
	jw_key(&w, "eta_ms");
	if (eta >= 0)
		jw_i64(&w, eta);
	else
		jw_null(&w);
	jw_kstr(&w, "error", s->error);
	jw_ku64(&w, "trials_done", s->done);
	jw_ku64(&w, "trials_total", s->total);
	jw_key(&w, "best");
	if (s->best != NULL)
		jw_raw(&w, s->best, strlen(s->best));
	else
		jw_null(&w);
	jw_obj_end(&w);
	snprintf(topic, sizeof(topic), "sweep:%" PRIu64, s->id);
	if (sbuf_finish(&b) != NULL)
		events_publish(topic, type, s->user_id, b.buf, b.len);
}

/* Called within each backtest: the lease goes on; is it still wanted? */
static int alive(void *ctx, size_t done, size_t total)
{
	struct sweeping *r = ctx;
	int64_t now = clock_mono_ns();
	int rc;

	if (FAULT("sweep.run")) {
		r->stop = SW_BROKEN;
		return FAIL(&r->why, E_IO, "fault: sweep.run");
	}
	if (now - r->told_ns < TELL_NS)
		return 0;
	r->told_ns = now;
	rc = job_renew(r->e->db, r->j, LEASE_MS, r->end > r->first ?
		       (int)(1000 * ((double)r->n_v + (double)r->at_work *
				     (double)done / (double)total) /
			     (double)(r->end - r->first)) : 0, &r->why);
	if (rc == 0)
		rc = sweep_running(r->e->db, r->s->id, &r->why);
	if (rc < 0) {
		r->stop = SW_BROKEN;
		return rc;
	}
	if (rc == 0) {
		r->stop = SW_UNWANTED;
		return -E_CONFLICT;
	}
	return 0;
}

/* ---- what is asked ---------------------------------------------------------------- */

static int parse(struct arena *a, const char *text, const struct json **ret,
		 struct err *err)
{
	return json_parse(a, text, strlen(text), ret, err);
}

static int prepare(struct sweeping *r, struct err *err)
{
	const struct job_env *e = r->e;
	struct arena *a = e->arena;
	struct market *m = NEW(a, struct market);
	const struct json *options, *spec;
	struct bt_setup *s = NEW(a, struct bt_setup);
	struct diags diags;
	int rc = market_by_id(e->db, r->s->market_id, m, err);

	if (rc == 0)
		rc = parse(a, r->s->inputs, &r->data.inputs, err);
	if (rc == 0)
		rc = parse(a, r->s->options, &options, err);
	if (rc == 0)
		rc = parse(a, r->s->spec, &spec, err);
	if (rc == 0)
		rc = bt_setup_script(a, r->s->source, r->data.inputs, options, s,
				     &diags, err);
	if (rc == 0)
		rc = opt_spec_read(a, s->prog, spec, &r->spec, err);
	if (rc < 0)
		return rc;
	rc = bt_setup_single(s, err);
	if (rc < 0)
		return rc;
	bt_setup_market(a, m, r->s->tf, s);
	rc = bt_setup_candles(a, e->db, r->s->market_id, r->s->tf, r->s->from,
			      r->s->to, s, err);
	if (rc == 0)
		rc = bt_setup_models(a, ml_shelf_new(a, e->conf->model_dir), e->db,
				     r->s->user_id, r->s->market_id, r->s->tf, s,
				     err);
	if (rc == 0)
		rc = opt_folds(a, &r->spec, s->bars.n, &r->folds, &r->n_folds, err);
	if (rc < 0)
		return rc;
	r->data.prog = s->prog;
	r->data.market = s->market;
	r->data.bars = s->bars;
	r->data.opt = s->opt;
	r->data.opt.rules_set = r->s->rules_set;
	r->data.opt.progress = alive;
	r->data.opt.ctx = r;
	r->share = (struct opt_share){ arena_push(a, "share"), NULL, SHARE_MEMORY };
	r->data.share = &r->share;
	r->per_fold = opt_trials(&r->spec);
	if (r->n_folds * r->per_fold > SWEEP_TRIALS_MAX)
		return FAIL(err, E_UNPROCESSABLE, "%zu folds of %zu trials are more "
			    "than %d", r->n_folds, r->per_fold, SWEEP_TRIALS_MAX);
	return 0;
}

/* ---- queueing ------------------------------------------------------------------------ */

static int queue_chunk(struct sweeping *r, size_t fold, size_t first, size_t end,
		       struct err *err)
{
	struct arena *a = r->e->arena;

	return job_enqueue(r->e->db, "sweep", r->s->user_id,
		arena_printf(a, "{\"id\":%" PRIu64 ",\"fold\":%zu,\"first\":%zu,"
			     "\"end\":%zu}", r->s->id, fold, first, end),
		arena_printf(a, "sweep:%" PRIu64 ":%zu:%zu", r->s->id, fold, first),
		clock_ms(&clock_real), NULL, err);
}

static int queue_last(struct sweeping *r, struct err *err)
{
	struct arena *a = r->e->arena;

	return job_enqueue(r->e->db, "sweep", r->s->user_id,
		arena_printf(a, "{\"id\":%" PRIu64 ",\"last\":true}", r->s->id),
		arena_printf(a, "sweep:%" PRIu64 ":last", r->s->id),
		clock_ms(&clock_real), NULL, err);
}

/* Trials of a job: some seconds of work, and not more jobs than are useful. */
static size_t chunk_size(const struct sweeping *r)
{
	size_t bars = r->folds[r->n_folds - 1].train_end - r->folds[r->n_folds - 1].train;
	double n = floor(CHUNK_WORK / (double)bars);
	size_t total = r->n_folds * r->per_fold, fair = (r->per_fold + 7) / 8;
	size_t least = (total + CHUNKS_MAX - 1) / CHUNKS_MAX;
	size_t size = n < 1 ? 1 : n > 1000 ? 1000 : (size_t)n;

	size = size > fair ? fair : size;
	return size < least ? least : size;
}

static int queue_batch(struct sweeping *r, size_t fold, size_t from, size_t end,
		       struct err *err)
{
	size_t size = chunk_size(r);
	int rc = 0;

	for (size_t i = from; rc == 0 && i < end; i += size) {
		size_t to = i + size < end ? i + size : end;
		uint64_t have = 0;

		rc = sweep_count_in(r->e->db, r->s->id, fold, i, to, &have, err);
		if (rc == 0 && have < to - i)
			rc = queue_chunk(r, fold, i, to, err);
	}
	return rc;
}

/* The first batch of a fold of which trials are missing, if there is one. */
static int queue_fold(struct sweeping *r, size_t fold, size_t from, struct err *err)
{
	int rc = 0;

	for (size_t i = from, end; rc == 0 && i < r->per_fold; i = end) {
		size_t begin = opt_batch(&r->spec, i, &end);
		uint64_t have = 0;

		rc = sweep_count_in(r->e->db, r->s->id, fold, begin, end, &have, err);
		if (rc == 0 && have < end - begin)
			return queue_batch(r, fold, begin, end, err);
	}
	return rc;
}

static int begin_tx(void *ctx, struct db *db, struct err *err)
{
	struct sweeping *r = ctx;
	uint64_t done = 0, total = r->n_folds * r->per_fold;
	int rc = sweep_lock(db, r->s->id, true, err);

	r->wanted = rc == 1;
	if (rc <= 0)
		return rc;
	rc = sweep_count(db, r->s->id, &done, err);
	if (rc == 0)
		rc = sweep_begin(db, r->s->id, total, done, clock_ms(&clock_real), err);
	for (size_t f = 0; rc == 0 && f < r->n_folds; f++)
		rc = queue_fold(r, f, 0, err);
	if (rc == 0 && done == total)
		rc = queue_last(r, err);
	return rc;
}

/* ---- trials ----------------------------------------------------------------------------- */

/* The search as it stands before the chunk's batch. */
static struct opt_search *replay(const struct sweeping *r)
{
	struct opt_search *q = opt_search_new(r->e->arena, &r->spec, r->fold);
	size_t end, from = opt_batch(&r->spec, r->first, &end);

	for (size_t i = 0; i < r->n_scores; i++) {
		const struct sweep_score *s = &r->scores[i];

		if (s->fold == r->fold && s->number < from &&
		    opt_ask(q, s->number) != NULL)
			opt_tell(q, s->number, s->score);
	}
	return q;
}

static bool have(const struct sweeping *r, size_t number)
{
	for (size_t i = 0; i < r->n_scores; i++)
		if (r->scores[i].fold == r->fold && r->scores[i].number == number)
			return true;
	return false;
}

static int do_trials(struct sweeping *r, struct err *err)
{
	struct opt_search *q;
	struct opt_point *v;
	size_t n = 0;
	int rc = sweep_scores(r->e->arena, r->e->db, r->s->id, &r->scores,
			      &r->n_scores, err);

	if (rc < 0)
		return rc;
	q = replay(r);
	r->v = NEW_N(r->e->arena, struct opt_trial, r->end - r->first);
	v = NEW_N(r->e->arena, struct opt_point, r->end - r->first);
	for (size_t i = r->first; i < r->end; i++) {
		if (have(r, i))
			continue;
		v[n] = (struct opt_point){ i, opt_ask(q, i) };
		if (v[n++].point == NULL)
			return FAIL(err, E_BUG, "trials before %zu are missing", i);
	}
	while (rc == 0 && r->n_v < n) {
		r->at_work = n - r->n_v < SIDE_BY_SIDE ? n - r->n_v : SIDE_BY_SIDE;
		rc = opt_eval_many(r->e->arena, &r->data, &r->spec, &r->folds[r->fold],
				   r->fold, v + r->n_v, r->at_work, r->v + r->n_v, err);
		if (rc == 0)
			r->n_v += r->at_work;
	}
	return rc;
}

static int chunk_tx(void *ctx, struct db *db, struct err *err)
{
	struct sweeping *r = ctx;
	uint64_t in_batch = 0;
	size_t end, from = opt_batch(&r->spec, r->first, &end);
	int rc = sweep_lock(db, r->s->id, false, err);

	r->wanted = rc == 1;
	if (rc <= 0)
		return rc;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < r->n_v; i++)
		rc = sweep_put(db, r->s->id, &r->v[i], err);
	if (rc == 0)
		rc = sweep_progress(r->e->arena, db, r->s->id, &r->s->done,
				    &r->s->best, err);
	if (rc == 0)
		rc = sweep_count_in(db, r->s->id, r->fold, from, end, &in_batch, err);
	if (rc < 0 || in_batch < end - from)
		return rc;
	if (r->s->done == r->n_folds * r->per_fold)
		return queue_last(r, err);
	return queue_fold(r, r->fold, end, err);
}

static int chunk(struct sweeping *r, struct err *err)
{
	int rc;

	if (r->fold >= r->n_folds || r->first >= r->end || r->end > r->per_fold)
		return FAIL(err, E_BUG, "the job names no trials");
	rc = do_trials(r, err);
	if (rc == 0)
		rc = db_tx(r->e->db, chunk_tx, r, err);
	if (rc == 0 && FAULT("sweep.chunk"))
		return FAIL(err, E_IO, "fault: sweep.chunk");
	if (rc == 0 && r->wanted)
		tell(r, "progress");
	return rc;
}

/* ---- the end ------------------------------------------------------------------------------ */

static int last_tx(void *ctx, struct db *db, struct err *err)
{
	struct sweeping *r = ctx;
	int rc = sweep_lock(db, r->s->id, false, err);

	r->wanted = rc == 1;
	if (rc <= 0)
		return rc;
	rc = sweep_progress(r->e->arena, db, r->s->id, &r->s->done, &r->s->best, err);
	if (rc == 0)
		rc = sweep_done(r->e->arena, db, r->s->id, r->result,
				clock_ms(&clock_real), err);
	return rc;
}

static int last(struct sweeping *r, struct err *err)
{
	struct opt_trial *v;
	size_t n;
	int rc = sweep_trials(r->e->arena, r->e->db, r->s->id, &v, &n, err);

	if (rc < 0)
		return rc;
	if (n != r->n_folds * r->per_fold)
		return FAIL(err, E_BUG, "there are %zu trials and not %zu", n,
			    r->n_folds * r->per_fold);
	r->result = NEW(r->e->arena, struct opt_result);
	rc = opt_conclude(r->e->arena, &r->data, &r->spec, v, n, r->result, err);
	if (rc == 0)
		rc = db_tx(r->e->db, last_tx, r, err);
	r->over = rc == 0 && r->wanted;
	return rc;
}

/* ---- the job -------------------------------------------------------------------------------- */

/* Errors that are the script's or the request's own have sentences for their
 * owner; those that may pass are tried again; the rest is the program's. */
static bool owners(int rc)
{
	return rc == -E_INVAL || rc == -E_LIMIT || rc == -E_UNPROCESSABLE ||
		rc == -E_TOOBIG;
}

static int ended(struct sweeping *r, int rc, struct err *err)
{
	struct sweep *s = r->s;

	if (r->stop == SW_BROKEN) {
		*err = r->why;
		return rc;
	}
	if (r->stop == SW_UNWANTED)
		return 0;		/* cancelled or deleted: nobody waits */
	if (rc == 0 && r->over) {
		s->state = BT_DONE;
		tell(r, "state");
		return 0;
	}
	if (!owners(rc) && rc != -E_BUG && rc != -E_NOTFOUND)
		return rc;
	if (!owners(rc))
		log_error(NULL, "sweep %" PRIu64 ": %s", s->id, err->msg);
	s->state = BT_FAILED;
	s->error = owners(rc) ? arena_strdup(r->e->arena, err->msg) :
		"the run failed inside the program; its log says why";
	rc = sweep_fail(r->e->db, s->id, s->error, clock_ms(&clock_real), err);
	if (rc == 0)
		tell(r, "state");
	return rc;
}

static int step(struct sweeping *r, const struct json *in, struct err *err)
{
	uint64_t fold = 0, first = 0, end = 0;
	bool is_last;
	int rc = prepare(r, err);

	if (rc < 0)
		return rc;
	if (json_bool(json_get(in, "last"), &is_last) && is_last)
		return last(r, err);
	if (json_u64(json_get(in, "fold"), &fold) &&
	    json_u64(json_get(in, "first"), &first) &&
	    json_u64(json_get(in, "end"), &end)) {
		r->fold = fold;
		r->first = first;
		r->end = end;
		return chunk(r, err);
	}
	rc = db_tx(r->e->db, begin_tx, r, err);
	if (rc == 0 && r->wanted) {
		r->s->state = BT_RUNNING;
		r->s->total = r->n_folds * r->per_fold;
		tell(r, "state");
	}
	return rc;
}

int job_sweep(const struct job_env *e, const struct job *j, const char **ret_result,
	      struct err *err)
{
	struct sweeping r = { .e = e, .j = j, .s = NEW(e->arena, struct sweep),
			      .told_ns = clock_mono_ns() };
	const struct json *in;
	uint64_t id;
	int rc = parse(e->arena, j->input, &in, err);

	(void)ret_result;
	if (rc < 0)
		return rc;
	if (!json_u64(json_get(in, "id"), &id))
		return FAIL(err, E_BUG, "the job names no sweep");
	rc = sweep_get(e->arena, e->db, id, r.s, err);
	if (rc < 0)
		return rc == -E_NOTFOUND ? 0 : rc;
	if (r.s->state != BT_QUEUED && r.s->state != BT_RUNNING)
		return 0;
	rc = step(&r, in, err);
	return ended(&r, rc, err);
}

int job_sweep_tidy(const struct job_env *e, const struct job *j,
		   const char **ret_result, struct err *err)
{
	(void)j;
	(void)ret_result;
	return sweep_tidy(e->db, clock_ms(&clock_real), e->conf->backtest_keep * 1000,
			  err);
}
