#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/models.h"
#include "core/clock.h"

/* ---- finding them --------------------------------------------------------- */

static size_t wanted(struct arena *out, const struct script_prog *prog,
		     const char *const **ret_names, struct bt_models *ret)
{
	size_t n = script_models(prog, ret_names);

	*ret = (struct bt_models){ .v = NEW_N(out, struct bt_model, n + 1), .n = n };
	return n;
}

int bt_models_find(struct arena *out, struct ml_shelf *shelf, struct db *db,
		   uint64_t user, const struct script_prog *prog,
		   struct bt_models *ret, struct err *err)
{
	const char *const *names;
	size_t n = wanted(out, prog, &names, ret);

	for (size_t i = 0; i < n; i++) {
		enum model_refusal why;
		struct model row;
		int rc = model_active(out, db, user, names[i], &row, err);

		if (rc == 0)
			rc = ml_shelf_open(out, shelf, db, &row, &ret->v[i].m, &why,
					   err);
		if (rc == -E_NOTFOUND || rc == -E_CONFLICT) {
			err->code = E_UNPROCESSABLE;
			return -E_UNPROCESSABLE;
		}
		if (rc < 0)
			return rc;
		ret->v[i].name = names[i];
		ret->v[i].id = row.id;
	}
	return 0;
}

int bt_models_warm(struct arena *out, struct db *db, uint64_t market, enum tf tf,
		   int64_t from, struct bt_models *k, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < k->n; i++) {
		struct ml_eye *eye;
		struct candles cs;

		rc = ml_eye_new(out, k->v[i].m, 0, &eye, err);
		if (rc == 0)
			rc = candles_load(out, db, market, tf, from -
				(int64_t)ml_eye_history(eye) * tf_ms(tf), from, &cs,
				err);
		if (rc == 0)
			k->v[i].before = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l,
							cs.c, cs.v };
	}
	return rc;
}

int bt_models_files(struct arena *out, const char *const *v, size_t n_v,
		    const struct script_prog *prog, struct bt_models *ret,
		    struct err *err)
{
	const char *const *names;
	size_t n = wanted(out, prog, &names, ret);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);
		const char *path = NULL;
		struct ml_model *m;
		int rc;

		for (size_t k = 0; k < n_v && path == NULL; k++)
			if (strncmp(v[k], names[i], len) == 0 && v[k][len] == '=')
				path = v[k] + len + 1;
		if (path == NULL)
			return FAIL(err, E_UNPROCESSABLE, "the script asks the model "
				    "\"%s\": give its file (--model %s=FILE)",
				    names[i], names[i]);
		rc = ml_model_open(out, path, &m, err);
		if (rc < 0) {
			err_wrap(err, "model \"%s\"", names[i]);
			return rc;
		}
		ret->v[i].name = names[i];
		ret->v[i].m = m;
	}
	return 0;
}

/* ---- asking them ---------------------------------------------------------------- */

/* A row of what a model said. */
static void take(const float *said, double *row)
{
	double buy = (double)said[ML_BUY], hold = (double)said[ML_HOLD],
	       sell = (double)said[ML_SELL];

	row[SM_BUY] = buy;
	row[SM_HOLD] = hold;
	row[SM_SELL] = sell;
	row[SM_RETURN] = (double)said[ML_ACTIONS];
	row[SM_ACTION] = isnan(buy) ? NAN : buy > hold && buy > sell ? 0 :
		sell > hold && sell > buy ? 2 : 1;
	row[SM_CONFIDENCE] = isnan(buy) ? NAN : row[(int)row[SM_ACTION]];
}

void bt_model_bar(struct ml_eye *eye, const struct bar *b, double *row)
{
	const struct bars one = { 1, &b->t, &b->o, &b->h, &b->l, &b->c, &b->v };
	float said[ML_SAID];

	ml_eye_run(eye, &one, NULL, said);
	take(said, row);
}

static int may_ask(struct bt_models *k, const struct bt_model *m, int64_t first,
		   const struct script_market *market, const char *tf,
		   struct err *err)
{
	int64_t seen = bt_model_seen_to(m->m);
	char to[TIME_TEXT_MAX], at[TIME_TEXT_MAX];

	if (market->timeframe != NULL && strcmp(market->timeframe, tf) != 0)
		return FAIL(err, E_UNPROCESSABLE, "the model \"%s\" was made for bars "
			    "of %s, the run is on others", m->name,
			    tf_name(m->m->tf));
	if (seen > 0 && first >= seen)
		return 0;
	k->seen = true;
	if (k->in_sample)
		return 0;
	if (seen <= 0)
		return FAIL(err, E_UNPROCESSABLE, "the file of the model \"%s\" does "
			    "not say which candles it has learned from: it can only "
			    "be run in sample (in_sample)", m->name);
	time_format(to, seen);
	time_format(at, first);
	return FAIL(err, E_UNPROCESSABLE, "the model \"%.40s\" has learned from candles "
		    "up to %s, the run begins at %s: begin behind that, or ask for "
		    "a run in sample (in_sample)", m->name, to, at);
}

/* What it says of all bars; those it has learned from are left out unless it
 * was asked for. */
static int rows(struct arena *out, const struct bt_models *k, const struct bt_model *m,
		const struct bars *bars, double *ret, struct err *err)
{
	int64_t seen = bt_model_seen_to(m->m);
	struct ml_eye *eye;
	float *said;
	int rc;

	SCOPE(tmp, out) {
		rc = ml_eye_new(tmp, m->m, 0, &eye, err);
		if (rc < 0)
			return rc;
		if (m->before.n > 0)
			ml_eye_push(eye, &m->before, NULL);
		said = arena_alloc_n(tmp, bars->n + 1, ML_SAID * sizeof(float));
		ml_eye_run(eye, bars, NULL, said);
		for (size_t i = 0; i < bars->n; i++) {
			double *row = ret + i * SM__N;

			take(said + i * ML_SAID, row);
			for (size_t c = 0; c < SM__N && !k->in_sample &&
			     bars->t[i] < seen; c++)
				row[c] = NAN;
		}
	}
	return 0;
}

int bt_models_run(struct arena *out, struct bt_models *k, const struct bars *bars,
		  int64_t from, struct script_market *m, struct err *err)
{
	struct script_model *v = NEW_N(out, struct script_model, k->n + 1);
	int64_t first = bars->n > 0 && bars->t[0] > from ? bars->t[0] : from;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < k->n && bars->n > 0; i++) {
		struct bt_model *one = &k->v[i];
		double *p = arena_alloc_raw(out, bars->n * SM__N * sizeof(double));

		rc = may_ask(k, one, first, m,
			     script_timeframe(out, tf_name(one->m->tf)), err);
		if (rc == 0)
			rc = rows(out, k, one, bars, p, err);
		v[i] = (struct script_model){ one->name, p, bars->t, bars->n };
	}
	if (rc < 0)
		return rc;
	m->models = v;
	m->n_models = k->n;
	return 0;
}
