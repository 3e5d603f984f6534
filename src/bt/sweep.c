#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/sweep.h"
#include "db/db.h"

static enum bt_state state_of(const char *letter)
{
#define X(id, name, c)							\
	if (*letter == (c))						\
		return BT_##id;
	BT_STATES(X)
#undef X
	return BT_FAILED;		/* the CHECK of the table: never */
}

static int64_t time_or_0(const struct rows *r, size_t i, size_t col)
{
	return row_null(r, i, col) ? 0 : row_i64(r, i, col);
}

static void from_row(const struct rows *r, size_t i, struct sweep *s)
{
	*s = (struct sweep){
		.id = row_u64(r, i, 0), .user_id = row_u64(r, i, 1),
		.name = row_cstr(r, i, 2), .notes = row_cstr(r, i, 3),
		.tags = row_cstr(r, i, 4), .state = state_of(row_cstr(r, i, 5)),
		.strategy_id = row_null(r, i, 6) ? 0 : row_u64(r, i, 6),
		.strategy_name = row_cstr(r, i, 7),
		.market_id = row_u64(r, i, 8), .exchange = row_cstr(r, i, 9),
		.symbol = row_cstr(r, i, 10), .tf = (enum tf)row_u64(r, i, 11),
		.from = row_i64(r, i, 12), .to = row_i64(r, i, 13),
		.inputs = row_cstr(r, i, 14), .options = row_cstr(r, i, 16),
		.spec = row_cstr(r, i, 17), .error = row_cstr(r, i, 18),
		.created = row_i64(r, i, 19), .started = time_or_0(r, i, 20),
		.finished = time_or_0(r, i, 21), .begun = time_or_0(r, i, 22),
		.begun_trials = row_u64(r, i, 23), .total = row_u64(r, i, 24),
		.done = row_u64(r, i, 25), .best = row_cstr(r, i, 26),
		.statistics = row_cstr(r, i, 27), .folds = row_cstr(r, i, 28),
		.out_of_sample = row_cstr(r, i, 29),
	};
	if (!bt_rules_of(*row_cstr(r, i, 15), &s->rules_set))
		s->rules_set = BT_RULES_CHART;
}

int64_t sweep_eta(const struct sweep *s, int64_t now_ms)
{
	uint64_t since = s->done - s->begun_trials;

	if (s->state != BT_RUNNING || s->begun == 0 || s->done <= s->begun_trials ||
	    s->total < s->done)
		return -1;
	return (int64_t)((double)(now_ms - s->begun) *
			 (double)(s->total - s->done) / (double)since);
}

int sweep_add(struct db *db, const struct sweep *s, int64_t now_ms,
	      uint64_t *ret_id, struct err *err)
{
	char rules[2] = { bt_rules_letter(s->rules_set), '\0' };
	struct dbval strategy = V_NULL();

	if (s->strategy_id != 0)
		strategy = V_U64(s->strategy_id);
	return db_exec(db, Q_SWEEP_ADD,
		       ARGS(V_U64(s->user_id), V_STR(s->name), V_STR(s->notes),
			    V_STR(s->tags), strategy, V_STR(s->strategy_name),
			    V_TEXT(s->source), V_STR(s->inputs), V_STR(rules),
			    V_STR(s->options), V_U64(s->market_id),
			    V_U64((uint64_t)s->tf), V_I64(s->from), V_I64(s->to),
			    V_STR(s->spec), V_I64(now_ms)), NULL, ret_id, err);
}

int sweep_get(struct arena *out, struct db *db, uint64_t id, struct sweep *ret,
	      struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_SWEEP_GET, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "there is no such sweep");
	from_row(&r, 0, ret);
	ret->source = row_str(&r, 0, 30);
	return 0;
}

int sweep_list(struct arena *out, struct db *db, const struct bt_filter *f,
	       struct sweep **ret, size_t *ret_n, struct err *err)
{
	struct sweep *v;
	struct rows r;
	int rc = db_select(out, db, Q_SWEEP_LIST,
			   ARGS(V_U64(f->user), V_U64(f->before),
				V_U64(f->before), V_STR(f->state),
				V_STR(f->state), V_U64(f->strategy),
				V_U64(f->strategy), V_U64(f->market),
				V_U64(f->market), V_STR(f->tag), V_STR(f->tag),
				V_U64(f->limit)), &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct sweep, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		from_row(&r, i, &v[i]);
	*ret = v;
	*ret_n = r.n;
	return 0;
}

/* The one number that a SELECT gives. */
static int number(struct db *db, enum stmt q, const struct dbval *args, size_t n,
		  uint64_t *ret, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("sweep", 1 << 20);
	struct rows r;
	int rc = db_select(tmp, db, q, args, n, &r, err);

	if (rc == 0)
		*ret = (uint64_t)row_i64(&r, 0, 0);
	return rc;
}

int sweep_waiting(struct db *db, uint64_t user, size_t *ret, struct err *err)
{
	uint64_t n;
	int rc = number(db, Q_SWEEP_WAITING, ARGS(V_U64(user)), &n, err);

	if (rc == 0)
		*ret = n;
	return rc;
}

/* A statement that changes one row, or says with `code` that it did not. */
static int one_row(struct db *db, enum stmt q, const struct dbval *args,
		   size_t n_args, enum errc code, const char *why, struct err *err)
{
	uint64_t changed = 0;
	int rc = db_exec(db, q, args, n_args, &changed, NULL, err);

	return rc < 0 ? rc : changed > 0 ? 0 : FAIL(err, code, "%s", why);
}

int sweep_patch(struct db *db, const struct sweep *s, struct err *err)
{
	return one_row(db, Q_SWEEP_PATCH, ARGS(V_STR(s->name), V_STR(s->notes),
		       V_STR(s->tags), V_U64(s->id)), E_NOTFOUND,
		       "there is no such sweep", err);
}

int sweep_del(struct db *db, uint64_t id, struct err *err)
{
	return one_row(db, Q_SWEEP_DEL, ARGS(V_U64(id)), E_NOTFOUND,
		       "there is no such sweep", err);
}

int sweep_cancel(struct db *db, uint64_t id, int64_t now_ms, struct err *err)
{
	return one_row(db, Q_SWEEP_CANCEL, ARGS(V_I64(now_ms), V_U64(id)), E_CONFLICT,
		       "the sweep has ended already", err);
}

int sweep_resume(struct db *db, uint64_t id, struct err *err)
{
	return one_row(db, Q_SWEEP_RESUME, ARGS(V_U64(id)), E_CONFLICT,
		       "the sweep was not stopped", err);
}

/* ---- the work ------------------------------------------------------------------ */

static int state(struct db *db, enum stmt q, uint64_t id, char *ret, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("sweep", 1 << 20);
	struct rows r;
	int rc = db_select(tmp, db, q, ARGS(V_U64(id)), &r, err);

	if (rc == 0)
		*ret = r.n > 0 ? *row_cstr(&r, 0, 0) : 'c';
	return rc;
}

int sweep_lock(struct db *db, uint64_t id, bool queued, struct err *err)
{
	char c;
	int rc = state(db, Q_SWEEP_LOCK, id, &c, err);

	return rc < 0 ? rc : c == 'r' || (queued && c == 'q');
}

int sweep_running(struct db *db, uint64_t id, struct err *err)
{
	char c;
	int rc = state(db, Q_SWEEP_STATE, id, &c, err);

	return rc < 0 ? rc : c == 'r';
}

int sweep_begin(struct db *db, uint64_t id, uint64_t total, uint64_t done,
		int64_t now_ms, struct err *err)
{
	return db_exec(db, Q_SWEEP_BEGIN, ARGS(V_I64(now_ms), V_I64(now_ms),
		       V_U64(total), V_U64(done), V_U64(done), V_U64(id)), NULL,
		       NULL, err);
}

int sweep_put(struct db *db, uint64_t id, const struct opt_trial *t, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("trial", 4 << 20);
	struct dbval score = V_NULL();
	struct sbuf m, q;
	struct jw w;

	sbuf_init(&m, tmp, 60000);
	jw_init(&w, &m);
	opt_metrics_write(&w, &t->stats);
	sbuf_init(&q, tmp, 60000);
	jw_init(&w, &q);
	opt_returns_write(&w, &t->returns);
	if (!isnan(t->score))
		score = V_F64(t->score);
	return db_exec(db, Q_SWEEP_TRIAL_PUT,
		       ARGS(V_U64(id), V_U64(t->fold), V_U64(t->number),
			    V_STR(t->inputs), score, V_U64(t->kept),
			    V_STR(t->error), V_STR(sbuf_finish(&m)),
			    V_STR(sbuf_finish(&q))), NULL, NULL, err);
}

int sweep_count(struct db *db, uint64_t id, uint64_t *ret, struct err *err)
{
	return number(db, Q_SWEEP_COUNT, ARGS(V_U64(id)), ret, err);
}

int sweep_count_in(struct db *db, uint64_t id, size_t fold, size_t first, size_t end,
		   uint64_t *ret, struct err *err)
{
	return number(db, Q_SWEEP_COUNT_IN, ARGS(V_U64(id), V_U64(fold),
		      V_U64(first), V_U64(end)), ret, err);
}

int sweep_scores(struct arena *out, struct db *db, uint64_t id,
		 struct sweep_score **ret, size_t *ret_n, struct err *err)
{
	struct sweep_score *v;
	struct rows r;
	int rc = db_select(out, db, Q_SWEEP_SCORES, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct sweep_score, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		v[i] = (struct sweep_score){ row_u64(&r, i, 0), row_u64(&r, i, 1),
			row_null(&r, i, 2) ? NAN : row_f64(&r, i, 2) };
	*ret = v;
	*ret_n = r.n;
	return 0;
}

static int parse(struct arena *out, struct str s, const struct json **ret,
		 struct err *err)
{
	return json_parse(out, s.p, s.n, ret, err);
}

struct reading {
	struct arena *out;
	ARRAY(struct opt_trial) v;
};

static int read_trial(void *ctx, const struct rows *r, struct err *err)
{
	struct reading *to = ctx;
	struct opt_trial t = {
		.fold = row_u64(r, 0, 0), .number = row_u64(r, 0, 1),
		.inputs = str_dup(to->out, row_str(r, 0, 2)),
		.score = row_null(r, 0, 3) ? NAN : row_f64(r, 0, 3),
		.kept = row_u64(r, 0, 4) != 0,
		.error = row_null(r, 0, 5) ? NULL : str_dup(to->out, row_str(r, 0, 5)),
	};

	SCOPE(tmp, to->out) {
		const struct json *m, *q;
		int rc = parse(tmp, row_str(r, 0, 6), &m, err);

		if (rc == 0)
			rc = parse(tmp, row_str(r, 0, 7), &q, err);
		if (rc < 0)
			return rc;
		opt_metrics_read(m, &t.stats);
		if (!opt_returns_read(q, &t.returns))
			return FAIL(err, E_BUG, "a trial's returns are none");
	}
	*array_push(to->out, &to->v) = t;
	return 0;
}

int sweep_trials(struct arena *out, struct db *db, uint64_t id,
		 struct opt_trial **ret, size_t *ret_n, struct err *err)
{
	struct reading to = { .out = out };
	int rc = db_each(db, Q_SWEEP_TRIALS, ARGS(V_U64(id)), read_trial, &to, err);

	if (rc < 0)
		return rc;
	*ret = to.v.v;
	*ret_n = to.v.n;
	return 0;
}

int sweep_progress(struct arena *tmp, struct db *db, uint64_t id, uint64_t *ret_done,
		   const char **ret_best, struct err *err)
{
	const char *best = NULL;
	struct rows r;
	struct sbuf b;
	struct jw w;
	int rc = sweep_count(db, id, ret_done, err);

	if (rc == 0)
		rc = db_select(tmp, db, Q_SWEEP_BEST, ARGS(V_U64(id)), &r, err);
	if (rc < 0)
		return rc;
	if (r.n > 0) {
		sbuf_init(&b, tmp, 1 << 17);
		jw_init(&w, &b);
		jw_obj(&w);
		jw_ku64(&w, "fold", row_u64(&r, 0, 0));
		jw_ku64(&w, "number", row_u64(&r, 0, 1));
		jw_key(&w, "inputs");
		jw_raw(&w, row_str(&r, 0, 2).p, row_str(&r, 0, 2).n);
		jw_kf64(&w, "score", row_f64(&r, 0, 3));
		jw_key(&w, "metrics");
		jw_raw(&w, row_str(&r, 0, 4).p, row_str(&r, 0, 4).n);
		jw_obj_end(&w);
		best = sbuf_finish(&b);
	}
	*ret_best = best;
	return db_exec(db, Q_SWEEP_PROGRESS, ARGS(V_U64(*ret_done), V_STR(best),
		       V_U64(id)), NULL, NULL, err);
}

static const char *text_of(struct arena *tmp, const struct opt_result *r,
			   void (*put)(struct jw *w, const struct opt_result *r))
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, tmp, (size_t)15 << 20);
	jw_init(&w, &b);
	put(&w, r);
	return sbuf_finish(&b);
}

static void put_best(struct jw *w, const struct opt_result *r)
{
	const struct opt_trial *t = r->best;

	jw_obj(w);
	jw_ku64(w, "fold", t->fold);
	jw_ku64(w, "number", t->number);
	jw_key(w, "inputs");
	jw_raw(w, t->inputs, strlen(t->inputs));
	jw_kf64(w, "score", t->score);
	jw_key(w, "metrics");
	opt_metrics_write(w, &t->stats);
	jw_obj_end(w);
}

static void put_out_of_sample(struct jw *w, const struct opt_result *r)
{
	opt_metrics_write(w, &r->out_of_sample);
}

int sweep_done(struct arena *tmp, struct db *db, uint64_t id,
	       const struct opt_result *r, int64_t now_ms, struct err *err)
{
	return db_exec(db, Q_SWEEP_DONE,
		       ARGS(V_I64(now_ms),
			    V_STR(r->best != NULL ? text_of(tmp, r, put_best) : NULL),
			    V_STR(text_of(tmp, r, opt_statistics_write)),
			    V_STR(r->walked ? text_of(tmp, r, opt_folds_write) : NULL),
			    V_STR(r->walked ? text_of(tmp, r, put_out_of_sample) :
				  NULL), V_U64(id)), NULL, NULL, err);
}

int sweep_fail(struct db *db, uint64_t id, const char *why, int64_t now_ms,
	       struct err *err)
{
	return db_exec(db, Q_SWEEP_FAIL, ARGS(V_STR(why), V_I64(now_ms), V_U64(id)),
		       NULL, NULL, err);
}

int sweep_tidy(struct db *db, int64_t now_ms, int64_t keep_ms, struct err *err)
{
	int rc = db_exec(db, Q_SWEEP_LOST, ARGS(V_I64(now_ms)), NULL, NULL, err);

	if (rc == 0 && keep_ms > 0)
		rc = db_exec(db, Q_SWEEP_PRUNE, ARGS(V_I64(now_ms - keep_ms)), NULL,
			     NULL, err);
	return rc;
}
