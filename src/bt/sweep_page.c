#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bt/sweep.h"
#include "db/db.h"

/* What the pages ask of a sweep's trials. */

static void trials_of(struct arena *out, const struct rows *r,
		      struct sweep_trial **ret, size_t *ret_n)
{
	struct sweep_trial *v = NEW_N(out, struct sweep_trial, r->n + 1);

	for (size_t i = 0; i < r->n; i++)
		v[i] = (struct sweep_trial){
			.fold = row_u64(r, i, 0), .number = row_u64(r, i, 1),
			.inputs = row_cstr(r, i, 2),
			.score = row_null(r, i, 3) ? NAN : row_f64(r, i, 3),
			.kept = row_u64(r, i, 4) != 0,
			.error = row_cstr(r, i, 5), .metrics = row_cstr(r, i, 6),
		};
	*ret = v;
	*ret_n = r->n;
}

int sweep_by_number(struct arena *out, struct db *db, uint64_t id, uint64_t fold,
		    uint64_t from, size_t n, struct sweep_trial **ret,
		    size_t *ret_n, struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_SWEEP_BY_NUMBER,
			   ARGS(V_U64(id), V_U64(fold), V_U64(fold), V_U64(from),
				V_U64(n)), &r, err);

	if (rc == 0)
		trials_of(out, &r, ret, ret_n);
	return rc;
}

int sweep_by_score(struct arena *out, struct db *db, uint64_t id, uint64_t skip,
		   size_t n, struct sweep_trial **ret, size_t *ret_n,
		   struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_SWEEP_BY_SCORE,
			   ARGS(V_U64(id), V_U64(skip), V_U64(n)), &r, err);

	if (rc == 0)
		trials_of(out, &r, ret, ret_n);
	return rc;
}

/* ---- the heat map ------------------------------------------------------------------- */

struct value { const char *text; double num; };	/* num NaN: a text */

static int by_value(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if (!isnan(x->num) && !isnan(y->num))
		return x->num < y->num ? -1 : x->num > y->num;
	return strcmp(x->text, y->text);
}

struct axis { struct value *v; size_t n; bool binned; };

/* The values that column `col` has, sorted, each once; more numbers than a
 * page can show become equal bins. */
static void axis_of(struct arena *out, const struct rows *r, size_t col,
		    struct axis *ret)
{
	struct value *v = NEW_N(out, struct value, r->n + SWEEP_MAP_MAX + 1);
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct value *x = &v[i];

		x->text = row_null(r, i, col) ? "" : row_cstr(r, i, col);
		if (!str_double(str_c(x->text), &x->num))
			x->num = NAN;
	}
	qsort(v, r->n, sizeof(*v), by_value);
	for (size_t i = 0; i < r->n; i++)
		if (i == 0 || by_value(&v[n - 1], &v[i]) != 0)
			v[n++] = v[i];
	*ret = (struct axis){ v, n, false };
	if (n <= SWEEP_MAP_MAX || isnan(v[0].num) || isnan(v[n - 1].num)) {
		ret->n = n > SWEEP_MAP_MAX ? SWEEP_MAP_MAX : n;
		return;
	}
	{
		double lo = v[0].num, step = (v[n - 1].num - lo) / (SWEEP_MAP_MAX / 2);

		ret->n = SWEEP_MAP_MAX / 2;
		ret->binned = true;
		for (size_t i = 0; i < ret->n; i++) {
			char buf[F64_TEXT_MAX];

			v[i].num = lo + ((double)i + 0.5) * step;
			f64_format(buf, v[i].num);
			v[i].text = arena_strdup(out, buf);
		}
	}
}

/* The place of a value; n: it is not shown. */
static size_t place(const struct axis *a, const char *text)
{
	struct value key = { text != NULL ? text : "", NAN }, *at;

	if (!str_double(str_c(key.text), &key.num))
		key.num = NAN;
	if (a->binned && a->n > 1) {
		double step = a->v[1].num - a->v[0].num;
		double k = floor((key.num - a->v[0].num) / step + 0.5);

		return !(k >= 0) ? 0 : k >= (double)a->n ? a->n - 1 : (size_t)k;
	}
	at = bsearch(&key, a->v, a->n, sizeof(key), by_value);
	return at != NULL ? (size_t)(at - a->v) : a->n;
}

static const char **texts(struct arena *out, const struct axis *a)
{
	const char **v = NEW_N(out, const char *, a->n + 1);

	for (size_t i = 0; i < a->n; i++)
		v[i] = a->v[i].text;
	return v;
}

static void plateau_of(struct arena *out, struct sweep_map *m, const bool *have)
{
	size_t n = m->n_x * m->n_y, k = 0;
	double *xy = NEW_N(out, double, 2 * n + 1), *z = NEW_N(out, double, n + 1);
	double *p = NEW_N(out, double, n + 1);
	size_t *who = NEW_N(out, size_t, n + 1);

	m->plateau = NEW_N(out, double, n + 1);
	for (size_t i = 0; i < n; i++) {
		m->plateau[i] = NAN;
		if (!have[i])
			continue;
		xy[2 * k] = (double)(i % m->n_x);
		xy[2 * k + 1] = (double)(i / m->n_x);
		z[k] = m->score[i];
		who[k++] = i;
	}
	plateau_scores(xy, 2, z, k, p);
	for (size_t i = 0; i < k; i++)
		m->plateau[who[i]] = p[i];
}

int sweep_map(struct arena *out, struct db *db, uint64_t id, const char *x,
	      const char *y, const char *metric, struct sweep_map *ret,
	      struct err *err)
{
	struct sweep_map m = { 0 };
	struct axis ax, ay;
	struct rows r;
	bool *have;
	int rc = db_select(out, db, Q_SWEEP_CELLS,
			   ARGS(V_STR(arena_printf(out, "$.%s", x)),
				V_STR(arena_printf(out, "$.%s", y)),
				V_STR(arena_printf(out, "$.%s", metric)),
				V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	axis_of(out, &r, 0, &ax);
	axis_of(out, &r, 1, &ay);
	m.n_x = ax.n;
	m.n_y = ay.n;
	m.x = texts(out, &ax);
	m.y = texts(out, &ay);
	m.score = NEW_N(out, double, ax.n * ay.n + 1);
	m.value = NEW_N(out, double, ax.n * ay.n + 1);
	have = NEW_N(out, bool, ax.n * ay.n + 1);
	for (size_t i = 0; i < ax.n * ay.n; i++)
		m.score[i] = m.value[i] = NAN;
	for (size_t i = 0; i < r.n; i++) {
		size_t kx = place(&ax, row_cstr(&r, i, 0));
		size_t ky = place(&ay, row_cstr(&r, i, 1));
		double score = row_null(&r, i, 2) ? NAN : row_f64(&r, i, 2);
		size_t at = ky * ax.n + kx;

		if (kx >= ax.n || ky >= ay.n)
			continue;
		/* Of several trials in a cell the best is shown. */
		if (have[at] && !(isnan(m.score[at]) && !isnan(score)) &&
		    !(score > m.score[at]))
			continue;
		have[at] = true;
		m.score[at] = score;
		m.value[at] = row_null(&r, i, 3) ? NAN : row_f64(&r, i, 3);
	}
	plateau_of(out, &m, have);
	*ret = m;
	return 0;
}
