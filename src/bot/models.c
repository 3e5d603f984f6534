#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bot/models.h"
#include "bt/models.h"
#include "core/array.h"
#include "core/clock.h"
#include "db/db.h"
#include "proc/board.h"

#define LOOK_NS	(5 * 1000000000LL)	/* for what other hosts have changed */

struct asked {
	const char *name;
	struct arena *arena;		/* of the model under way */
	uint64_t id;			/* 0: none can be asked */
	int64_t trained;		/* when it was */
	bool known, fresh;		/* it was looked for; there is news */
	const struct ml_model *m;
	struct ml_eye *eye;
	char why[200];			/* of id 0, or of this bar */
	bool silent;			/* no value of this bar */
	double row[SM__N];
};
struct change { size_t name; int64_t from_ms; uint64_t id; };

struct bot_models {
	struct bot_models_conf c;
	struct arena *arena;
	struct ml_shelf *shelf;
	struct asked *v;
	struct script_model *out;
	size_t n;
	int64_t t;			/* of the bar */
	struct change *past;		/* by time */
	size_t n_past;
	ARRAY(struct change) unsaved;
	uint64_t generation;
	int64_t looked_ns;
	char hold[300];			/* "" : none */
	bool held_before;
	size_t told;
};

/* ---- making ----------------------------------------------------------------- */

static int read_past(struct bot_models *k, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("models", (size_t)16 << 20);
	struct rows r;
	int rc = db_select(tmp, k->c.db, Q_BOT_MODELS, ARGS(V_U64(k->c.bot_id)), &r,
			   err);

	if (rc < 0)
		return rc;
	k->past = NEW_N(k->arena, struct change, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		for (size_t n = 0; n < k->n; n++)
			if (str_eqc(row_str(&r, i, 0), k->v[n].name))
				k->past[k->n_past++] = (struct change){ n,
					row_i64(&r, i, 1), row_null(&r, i, 2) ? 0 :
					row_u64(&r, i, 2) };
	return 0;
}

int bot_models_new(struct arena *out, const struct bot_models_conf *c,
		   const struct script_prog *prog, struct script_market *sm,
		   struct bot_models **ret, struct err *err)
{
	struct bot_models *k = NEW(out, struct bot_models);
	const char *const *names;

	k->c = *c;
	k->arena = out;
	k->n = script_models(prog, &names);
	k->v = NEW_N(out, struct asked, k->n + 1);
	k->out = NEW_N(out, struct script_model, k->n + 1);
	for (size_t i = 0; i < k->n; i++) {
		k->v[i].name = names[i];
		k->out[i] = (struct script_model){ names[i], k->v[i].row, &k->t, 0 };
	}
	sm->models = k->out;
	sm->n_models = k->n;
	*ret = k;
	if (k->n == 0)
		return 0;
	k->shelf = ml_shelf_new(out, c->dir);
	return read_past(k, err);
}

/* ---- which one ------------------------------------------------------------------ */

static void refuse(struct asked *a, enum model_refusal why, const char *text)
{
	snprintf(a->why, sizeof(a->why), "%s", text);
	model_count_refusal(why);
}

/* Another one speaks from now on; its features begin with what came before. */
static int take(struct bot_models *k, struct asked *a, const struct model *row,
		enum model_refusal *why, struct err *err)
{
	struct arena *n = arena_push(k->arena, "model");
	const struct ml_model *m = NULL;
	struct ml_eye *eye = NULL;
	int rc = ml_shelf_open(n, k->shelf, k->c.db, row, &m, why, err);

	if (rc == 0 && m->tf != k->c.tf) {
		*why = REFUSED_FEATURES;
		rc = FAIL(err, E_CONFLICT, "the model \"%s\" was made for bars of %s",
			  row->name, tf_name(m->tf));
	}
	if (rc == 0) {
		*why = REFUSED_FEATURES;
		rc = ml_eye_new(n, m, 0, &eye, err);
	}
	if (rc == 0)
		SCOPE(tmp, n) {
			struct candles cs;
			struct bars b;

			rc = candles_newest(tmp, k->c.db, k->c.market_id, k->c.tf,
					    ml_eye_history(eye), k->t, &cs, err);
			if (rc < 0)
				break;
			b = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
			if (b.n > 0)
				ml_eye_push(eye, &b, NULL);
		}
	if (rc < 0) {
		arena_free(&n);
		return rc;
	}
	if (a->arena != NULL)
		arena_free(&a->arena);
	a->arena = n;
	a->m = m;
	a->eye = eye;
	a->id = row->id;
	a->trained = row->trained;
	a->why[0] = '\0';
	return 0;
}

static void drop(struct asked *a)
{
	if (a->arena != NULL)
		arena_free(&a->arena);
	a->m = NULL;
	a->eye = NULL;
	a->id = 0;
}

static bool refusal(int rc)
{
	return rc == -E_CONFLICT || rc == -E_NOTFOUND || rc == -E_UNPROCESSABLE ||
		rc == -E_INVAL;
}

/* The model in use under the name, or why there is none. */
static int look(struct bot_models *k, struct asked *a, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("model", (size_t)1 << 20);
	enum model_refusal why = REFUSED_MISSING;
	uint64_t was = a->id;
	bool known = a->known;
	struct model row;
	int rc = model_active(tmp, k->c.db, k->c.user_id, a->name, &row, err);

	if (rc == 0)
		rc = model_usable(&row, k->t, 0, &why, err);
	if (rc == 0 && row.id != a->id)
		rc = take(k, a, &row, &why, err);
	if (rc < 0 && !refusal(rc))
		return rc;
	a->known = true;
	if (rc < 0) {
		drop(a);
		if (!known || was != 0)
			refuse(a, why, err->msg);
	}
	if (known && a->id == was)
		return 0;
	a->fresh = true;
	*array_push(k->arena, &k->unsaved) = (struct change){ (size_t)(a - k->v), k->t,
							     a->id };
	return 0;
}

/* The one that was asked then. */
static int remember(struct bot_models *k, struct asked *a, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("model", (size_t)1 << 20);
	enum model_refusal why;
	uint64_t id = 0;
	struct model row;
	int rc;

	for (size_t i = 0; i < k->n_past && k->past[i].from_ms <= k->t; i++)
		if (k->past[i].name == (size_t)(a - k->v))
			id = k->past[i].id;
	a->known = true;
	if (id == a->id)
		return 0;
	if (id == 0) {
		drop(a);
		snprintf(a->why, sizeof(a->why), "none could be asked then");
		return 0;
	}
	rc = model_get(tmp, k->c.db, id, &row, err);
	if (rc == 0)
		rc = take(k, a, &row, &why, err);
	if (rc < 0)
		err_wrap(err, "the model \"%s\" that was asked at %" PRId64, a->name,
			 k->t);
	return rc;
}

/* ---- bars ------------------------------------------------------------------------ */

static void ask(struct bot_models *k, size_t i, const struct bar *b)
{
	struct asked *a = &k->v[i];

	a->silent = true;
	k->out[i].n = 0;
	if (a->eye == NULL)
		return;
	bt_model_bar(a->eye, b, a->row);
	if (bt_model_seen_to(a->m) > b->t) {
		snprintf(a->why, sizeof(a->why), "it has learned from this bar, and from "
			 "later ones");
		return;
	}
	/* By the bar's time, so that a restart finds the same. */
	if (k->c.max_age_ms > 0 && b->t - a->trained > k->c.max_age_ms) {
		snprintf(a->why, sizeof(a->why), "it is stale: it was trained %" PRId64
			 " days before, %" PRId64 " are allowed",
			 (b->t - a->trained) / 86400000, k->c.max_age_ms / 86400000);
		return;
	}
	a->silent = false;
	k->out[i].n = 1;
	board_inc(BC_ML_PREDICTIONS);
}

int bot_models_bar(struct bot_models *k, const struct bar *b, bool past,
		   struct err *err)
{
	uint64_t generation = board_generation(GEN_MODELS);
	int64_t now = k->n > 0 ? clock_mono_ns() : 0;
	bool stale = generation != k->generation || now - k->looked_ns > LOOK_NS;
	int rc = 0;

	k->t = b->t;
	k->held_before = k->hold[0] != '\0';
	k->hold[0] = '\0';
	k->told = 0;
	for (size_t i = 0; rc == 0 && i < k->n; i++) {
		struct asked *a = &k->v[i];

		a->fresh = false;
		if (past || k->c.past_only)
			rc = remember(k, a, err);
		else if (!a->known || stale)
			rc = look(k, a, err);
		if (rc < 0)
			return rc;
		ask(k, i, b);
		if (a->silent && k->hold[0] == '\0')
			snprintf(k->hold, sizeof(k->hold), "the model \"%.60s\" cannot be "
				 "asked: %.200s", a->name, a->why);
	}
	if (!past && stale) {
		k->generation = generation;
		k->looked_ns = now;
	}
	return 0;
}

const char *bot_models_hold(const struct bot_models *k)
{
	return k->hold[0] != '\0' ? k->hold : NULL;
}

const char *bot_models_news(struct bot_models *k, struct arena *tmp)
{
	bool held = k->hold[0] != '\0';

	while (k->told < k->n) {
		const struct asked *a = &k->v[k->told++];

		if (a->fresh && a->id != 0)
			return arena_printf(tmp, "asks the model \"%s\" number %" PRIu64
					    " (%s)", a->name, a->id,
					    a->m->kind->name);
	}
	if (k->told++ != k->n || held == k->held_before)
		return NULL;
	return held ? arena_printf(tmp, "holds: %s", k->hold) :
		"holds no longer: its models can be asked";
}

/* ---- what is stored ------------------------------------------------------------- */

int bot_models_write(struct bot_models *k, struct db *db, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < k->unsaved.n; i++) {
		const struct change *c = &k->unsaved.v[i];

		rc = db_exec(db, Q_BOT_MODEL_ADD,
			     ARGS(V_U64(k->c.bot_id), V_STR(k->v[c->name].name),
				  V_I64(c->from_ms), c->id == 0 ? V_NULL() :
				  V_U64(c->id)), NULL, NULL, err);
	}
	return rc;
}

void bot_models_saved(struct bot_models *k)
{
	k->unsaved.n = 0;
}

bool bot_models_unsaved(const struct bot_models *k)
{
	return k->unsaved.n > 0;
}
