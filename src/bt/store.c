#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bt/store.h"
#include "db/db.h"
#include "proc/events.h"

/* ---- rows ------------------------------------------------------------------ */

const char *bt_state_name(enum bt_state s)
{
	switch (s) {
#define X(id, name, letter) case BT_##id: return name;
	BT_STATES(X)
#undef X
	}
	return "?";
}

static enum bt_state state_of(const char *letter)
{
#define X(id, name, c)							\
	if (*letter == (c))						\
		return BT_##id;
	BT_STATES(X)
#undef X
	return BT_FAILED;		/* the CHECK of the table: never */
}

static void from_row(const struct rows *r, size_t i, struct backtest *b)
{
	*b = (struct backtest){
		.id = row_u64(r, i, 0), .user_id = row_u64(r, i, 1),
		.name = row_cstr(r, i, 2), .notes = row_cstr(r, i, 3),
		.tags = row_cstr(r, i, 4), .state = state_of(row_cstr(r, i, 5)),
		.strategy_id = row_null(r, i, 6) ? 0 : row_u64(r, i, 6),
		.strategy_name = row_cstr(r, i, 7),
		.market_id = row_u64(r, i, 8), .exchange = row_cstr(r, i, 9),
		.symbol = row_cstr(r, i, 10), .tf = (enum tf)row_u64(r, i, 11),
		.from = row_i64(r, i, 12), .to = row_i64(r, i, 13),
		.inputs = row_cstr(r, i, 14), .options = row_cstr(r, i, 16),
		.permille = (unsigned)row_u64(r, i, 17),
		.has_eta = !row_null(r, i, 18), .error = row_cstr(r, i, 19),
		.created = row_i64(r, i, 20),
		.has_started = !row_null(r, i, 21),
		.has_finished = !row_null(r, i, 22),
		.metrics = row_cstr(r, i, 23), .properties = row_cstr(r, i, 24),
		.points = row_u64(r, i, 25), .trades = row_u64(r, i, 26),
		.plots = row_cstr(r, i, 27),
	};
	if (!bt_rules_of(*row_cstr(r, i, 15), &b->rules_set))
		b->rules_set = BT_RULES_CHART;
	if (b->has_eta)
		b->eta_ms = row_i64(r, i, 18);
	if (b->has_started)
		b->started = row_i64(r, i, 21);
	if (b->has_finished)
		b->finished = row_i64(r, i, 22);
}

int bt_store_add(struct db *db, const struct backtest *b, int64_t now_ms,
		 uint64_t *ret_id, struct err *err)
{
	char rules[2] = { bt_rules_letter(b->rules_set), '\0' };
	struct dbval strategy = V_NULL();

	if (b->strategy_id != 0)
		strategy = V_U64(b->strategy_id);
	return db_exec(db, Q_BT_ADD,
		       ARGS(V_U64(b->user_id), V_STR(b->name), V_STR(b->notes),
			    V_STR(b->tags), strategy, V_STR(b->strategy_name),
			    V_TEXT(b->source), V_STR(b->inputs), V_STR(rules),
			    V_STR(b->options), V_STR(b->rules),
			    V_U64(b->market_id), V_U64((uint64_t)b->tf),
			    V_I64(b->from), V_I64(b->to), V_I64(now_ms)),
		       NULL, ret_id, err);
}

int bt_store_queued(struct db *db, uint64_t id, uint64_t job_id, struct err *err)
{
	return db_exec(db, Q_BT_QUEUE, ARGS(V_U64(job_id), V_U64(id)), NULL, NULL,
		       err);
}

int bt_store_get(struct arena *out, struct db *db, uint64_t id,
		 struct backtest *ret, struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_BT_GET, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "there is no such backtest");
	from_row(&r, 0, ret);
	ret->source = row_str(&r, 0, 28);
	ret->rules = row_cstr(&r, 0, 29);
	return 0;
}

int bt_store_list(struct arena *out, struct db *db, const struct bt_filter *f,
		  struct backtest **ret, size_t *ret_n, struct err *err)
{
	struct backtest *v;
	struct rows r;
	int rc = db_select(out, db, Q_BT_LIST,
			   ARGS(V_U64(f->user), V_U64(f->before),
				V_U64(f->before), V_STR(f->state),
				V_STR(f->state), V_U64(f->strategy),
				V_U64(f->strategy), V_U64(f->market),
				V_U64(f->market), V_STR(f->tag), V_STR(f->tag),
				V_U64(f->limit)), &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct backtest, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		from_row(&r, i, &v[i]);
	*ret = v;
	*ret_n = r.n;
	return 0;
}

int bt_store_waiting(struct db *db, uint64_t user, size_t *ret, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("waiting", 1 << 20);
	struct rows r;
	int rc = db_select(tmp, db, Q_BT_WAITING, ARGS(V_U64(user)), &r, err);

	if (rc == 0)
		*ret = (size_t)row_i64(&r, 0, 0);
	return rc;
}

/* A statement that changes one row or says that there is none. */
static int one_row(struct db *db, enum stmt q, const struct dbval *args,
		   size_t n_args, struct err *err)
{
	uint64_t changed = 0;
	int rc = db_exec(db, q, args, n_args, &changed, NULL, err);

	return rc < 0 ? rc : changed > 0;
}

int bt_store_patch(struct db *db, const struct backtest *b, struct err *err)
{
	int rc = one_row(db, Q_BT_PATCH, ARGS(V_STR(b->name), V_STR(b->notes),
			 V_STR(b->tags), V_U64(b->id)), err);

	return rc == 0 ? FAIL(err, E_NOTFOUND, "there is no such backtest") :
		rc < 0 ? rc : 0;
}

int bt_store_del(struct db *db, uint64_t id, struct err *err)
{
	int rc = one_row(db, Q_BT_DEL, ARGS(V_U64(id)), err);

	return rc == 0 ? FAIL(err, E_NOTFOUND, "there is no such backtest") :
		rc < 0 ? rc : 0;
}

int bt_store_cancel(struct db *db, uint64_t id, int64_t now_ms, struct err *err)
{
	int rc = one_row(db, Q_BT_CANCEL_QUEUED, ARGS(V_I64(now_ms), V_U64(id)),
			 err);

	if (rc == 0)
		rc = one_row(db, Q_BT_CANCEL_RUNNING, ARGS(V_U64(id)), err);
	return rc == 0 ? FAIL(err, E_CONFLICT, "the backtest has ended already") :
		rc < 0 ? rc : 0;
}

/* ---- the run ------------------------------------------------------------------ */

int bt_store_begin(struct db *db, uint64_t id, uint64_t lease, int64_t now_ms,
		   struct err *err)
{
	return one_row(db, Q_BT_BEGIN, ARGS(V_U64(lease), V_I64(now_ms),
					    V_U64(id)), err);
}

int bt_store_progress(struct db *db, uint64_t id, uint64_t lease,
		      unsigned permille, int64_t eta_ms, struct err *err)
{
	return one_row(db, Q_BT_PROGRESS,
		       ARGS(V_U64(permille < 1000 ? permille : 1000),
			    V_I64(eta_ms), V_U64(id), V_U64(lease)), err);
}

int bt_store_fail(struct db *db, uint64_t id, uint64_t lease, const char *why,
		  int64_t now_ms, struct err *err)
{
	int rc = one_row(db, Q_BT_END, ARGS(V_STR("f"), V_STR(why),
			 V_I64(now_ms), V_U64(id), V_U64(lease)), err);

	return rc < 0 ? rc : 0;
}

int bt_store_cancelled(struct db *db, uint64_t id, int64_t now_ms,
		       struct err *err)
{
	int rc = one_row(db, Q_BT_CANCELLED, ARGS(V_I64(now_ms), V_U64(id)), err);

	return rc < 0 ? rc : 0;
}

int bt_store_tidy(struct db *db, int64_t now_ms, int64_t keep_ms, struct err *err)
{
	int rc = db_exec(db, Q_BT_LOST, ARGS(V_I64(now_ms)), NULL, NULL, err);

	if (rc == 0 && keep_ms > 0)
		rc = db_exec(db, Q_BT_PRUNE, ARGS(V_I64(now_ms - keep_ms)), NULL,
			     NULL, err);
	return rc;
}

void bt_store_tell(const struct backtest *b, const char *type)
{
	struct arena *a CLEANUP(arena_free) = arena_new("tell", 1 << 20);
	char topic[48];
	struct sbuf s;
	struct jw w;

	sbuf_init(&s, a, EVENT_MAX);
	jw_init(&w, &s);
	jw_obj(&w);
	jw_ku64(&w, "id", b->id);
	jw_kstr(&w, "state", bt_state_name(b->state));
	jw_kf64(&w, "progress", b->permille / 1000.0);
	jw_key(&w, "eta_ms");
	if (b->has_eta)
		jw_i64(&w, b->eta_ms);
	else
		jw_null(&w);
	jw_kstr(&w, "error", b->error);
	jw_obj_end(&w);
	snprintf(topic, sizeof(topic), "backtest:%" PRIu64, b->id);
	if (sbuf_finish(&s) != NULL)
		events_publish(topic, type, b->user_id, s.buf, s.len);
}
