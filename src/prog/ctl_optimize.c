#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bt/spec.h"
#include "core/hash.h"
#include "prog/ctl_bars.h"
#include "prog/opt_pool.h"

/* orchctl optimize: a search over a strategy's inputs, kept in a file line by
 * line, so that the same command continues what was cut off. */

#define FILE_MAX ((size_t)1 << 30)

struct opts {
	struct ctl_bars bars;
	struct ctl_texts set, space, limits, metrics, options;
	const char *method, *objective, *walk, *out, *json, *csv, *rules;
	int64_t trials, seed, jobs, train, test;
	double capital, fee, slippage;
	bool new_defaults;
};

struct run {
	struct ctl *c;
	const struct opts *o;
	struct opt_spec spec;
	struct opt_data data;
	struct opt_fold *folds;
	size_t n_folds, per_fold, done, n_kept;
	struct opt_trial *v;		/* by fold and number */
	bool *have;
	FILE *f;
	struct ctl_progress bar;
};

/* Set by Ctrl-C, read by the loop: a signal handler has no other way. */
static volatile int stopped;

static void on_int(int sig)
{
	(void)sig;
	stopped = 1;
}

/* --- what is asked ----------------------------------------------------------------- */

static int spec_json(struct ctl *c, const struct opts *o, const struct json **ret,
		     struct err *err)
{
	struct sbuf b;
	struct jw w;
	int rc = 0;

	sbuf_init(&b, c->arena, 1 << 20);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "method", o->method);
	jw_kstr(&w, "objective", o->objective);
	jw_ki64(&w, "seed", o->seed);
	if (o->trials > 0)
		jw_ki64(&w, "max_trials", o->trials);
	jw_key(&w, "constraints");
	jw_arr(&w);
	for (size_t i = 0; rc == 0 && i < o->limits.n; i++)
		rc = opt_limit_text(&w, str_c(o->limits.v[i]), err);
	if (rc < 0)
		return rc;
	jw_arr_end(&w);
	if (o->space.n > 0) {
		jw_key(&w, "space");
		jw_arr(&w);
		for (size_t i = 0; rc == 0 && i < o->space.n; i++)
			rc = opt_axis_text(&w, str_c(o->space.v[i]), err);
		if (rc < 0)
			return rc;
		jw_arr_end(&w);
	}
	if (o->metrics.n > 0) {
		jw_key(&w, "metrics");
		jw_arr(&w);
		for (size_t i = 0; i < o->metrics.n; i++)
			jw_str(&w, o->metrics.v[i]);
		jw_arr_end(&w);
	}
	if (o->walk != NULL) {
		jw_key(&w, "walk_forward");
		jw_obj(&w);
		jw_kstr(&w, "kind", o->walk);
		jw_ki64(&w, "train", o->train);
		jw_ki64(&w, "test", o->test);
		jw_obj_end(&w);
	}
	jw_obj_end(&w);
	if (sbuf_finish(&b) == NULL)
		return FAIL(err, E_TOOBIG, "the options are too long");
	return json_parse(c->arena, b.buf, b.len, ret, err);
}

static void option(struct jw *w, const char *name, double v)
{
	if (!isnan(v))
		jw_kf64(w, name, v);
}

/* The options of the run, by the names that the API has for them. */
static int options_json(struct ctl *c, const struct opts *o, const char **ret,
			struct err *err)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, c->arena, 1 << 16);
	jw_init(&w, &b);
	jw_obj(&w);
	option(&w, "initial_capital", o->capital);
	option(&w, "fee", o->fee);
	option(&w, "slippage", o->slippage);
	if (o->new_defaults)
		jw_kbool(&w, "new_defaults", true);
	for (size_t i = 0; i < o->options.n; i++) {
		struct str t = str_c(o->options.v[i]), key;
		double v;

		if (!str_split(&t, '=', &key) || t.p == NULL || key.n == 0)
			return FAIL(err, E_INVAL, "--option %s: must be name=value",
				    o->options.v[i]);
		jw_keyn(&w, key.p, key.n);
		if (str_double(t, &v) || str_eqc(t, "true") || str_eqc(t, "false"))
			jw_raw(&w, t.p, t.n);
		else
			jw_strn(&w, t.p, t.n);
	}
	jw_obj_end(&w);
	*ret = sbuf_finish(&b);
	return *ret != NULL ? 0 : FAIL(err, E_TOOBIG, "the options are too long");
}

static const char *inputs_json(struct ctl *c, const struct script_prog *prog,
			       const struct ctl_texts *set)
{
	struct sbuf b;
	struct jw w;

	(void)prog;
	sbuf_init(&b, c->arena, 1 << 16);
	jw_init(&w, &b);
	jw_obj(&w);
	for (size_t i = 0; i < set->n; i++) {
		struct str t = str_c(set->v[i]), key;

		if (str_split(&t, '=', &key) && t.p != NULL) {
			jw_keyn(&w, key.p, key.n);
			jw_strn(&w, t.p, t.n);
		}
	}
	jw_obj_end(&w);
	return sbuf_finish(&b);
}

/* A name for everything that a trial depends on but its inputs. */
static uint64_t data_id(const struct run *r, const char *options, const char *inputs)
{
	static const struct hash_key key = { { 0x64617461u, 1 } };
	const struct bars *b = &r->data.bars;
	const double *cols[] = { b->o, b->h, b->l, b->c, b->v };
	const double m[] = { r->data.market.mintick, r->data.market.lot };
	uint64_t h[10] = { script_hash(r->data.prog), b->n };

	h[2] = siphash24(key, b->t, b->n * sizeof(*b->t));
	for (size_t i = 0; i < ARRAY_LEN(cols); i++)
		h[3 + i] = siphash24(key, cols[i], b->n * sizeof(double));
	h[8] = siphash24(key, options, strlen(options)) ^
		siphash24(key, m, sizeof(m));
	h[9] = siphash24(key, inputs, strlen(inputs)) +
		(uint64_t)r->data.opt.rules_set;
	return siphash24(key, h, sizeof(h));
}

static int load(struct run *r, struct err *err)
{
	const struct opts *o = r->o;
	struct ctl *c = r->c;
	struct script_binding *b;
	struct script_options so;
	struct bt_setup setup = { 0 };
	const struct bt_models *models;
	const struct json *j;
	const char *options, *inputs;
	int rc = options_json(c, o, &options, err);

	if (rc == 0)
		rc = json_parse(c->arena, options, strlen(options), &j, err);
	if (rc == 0)
		rc = bt_options_read(j, &setup, &so, err);
	if (rc == 0)
		rc = bt_setup_single(&setup, err);
	if (rc == 0)
		rc = ctl_compile(c, c->argv[0], &so, &r->data.prog, err);
	if (rc == 0)
		rc = ctl_bind(c, r->data.prog, &o->set, &b, err);
	if (rc < 0)
		return rc;
	inputs = inputs_json(c, r->data.prog, &o->set);
	rc = json_parse(c->arena, inputs, strlen(inputs), &r->data.inputs, err);
	if (rc == 0)
		rc = spec_json(c, o, &j, err);
	if (rc == 0)
		rc = opt_spec_read(c->arena, r->data.prog, j, &r->spec, err);
	if (rc == 0)
		rc = ctl_bars_load(c, &o->bars, &r->data.bars, &r->data.market, err);
	if (rc == 0)
		rc = ctl_models(c, &o->bars, r->data.prog, &r->data.bars,
				&r->data.market, &models, err);
	if (rc == 0)
		rc = opt_folds(c->arena, &r->spec, r->data.bars.n, &r->folds,
			       &r->n_folds, err);
	if (rc < 0)
		return rc;
	if (!script_properties(r->data.prog)->is_strategy)
		return FAIL(err, E_UNPROCESSABLE, "the script is an indicator: only a "
			    "strategy can be tested");
	if (setup.detail != 0 || setup.data != NULL)
		return FAIL(err, E_INVAL, "--option detail and data are of stored "
			    "candles: give --data");
	r->data.opt = setup.opt;
	if (!bt_rules_parse(str_c(o->rules), &r->data.opt.rules_set) ||
	    r->data.opt.rules_set == BT_RULES_FREQTRADE)
		return FAIL(err, E_INVAL, "--rules-set %s: must be chart or strict",
			    o->rules);
	if (!isnan(setup.mintick))
		r->data.market.mintick = setup.mintick;
	if (!isnan(setup.lot))
		r->data.market.lot = setup.lot;
	r->data.id = data_id(r, options, inputs);
	r->per_fold = opt_trials(&r->spec);
	r->v = NEW_N(c->arena, struct opt_trial, r->n_folds * r->per_fold);
	r->have = NEW_N(c->arena, bool, r->n_folds * r->per_fold);
	return 0;
}

/* --- the file ------------------------------------------------------------------------ */

static const char *head_line(const struct run *r)
{
	struct sbuf b;
	struct jw w;
	char id[20];

	str_hex(id, &r->data.id, sizeof(r->data.id));
	sbuf_init(&b, r->c->arena, 1 << 20);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "orchctl", "optimize");
	jw_kstr(&w, "data", id);
	jw_key(&w, "spec");
	opt_spec_write(&w, &r->spec);
	jw_obj_end(&w);
	return sbuf_finish(&b);
}

static int keep_trial(struct run *r, const char *line, size_t n, struct err *err)
{
	struct opt_trial t;
	size_t at;
	int rc = 0;

	SCOPE(tmp, r->c->arena) {
		const struct json *j;

		rc = json_parse(tmp, line, n, &j, err);
		if (rc == 0)
			rc = opt_trial_read(r->c->arena, j, &t, err);
	}
	if (rc < 0)
		return rc;
	if (t.fold >= r->n_folds || t.number >= r->per_fold)
		return FAIL(err, E_INVAL, "trial %zu of fold %zu is none of this search",
			    t.number, t.fold);
	at = t.fold * r->per_fold + t.number;
	r->done += !r->have[at];
	r->have[at] = true;
	r->v[at] = t;
	return 0;
}

/* Reads the lines of an earlier call; what a crash left of a last line is cut
 * off. */
static int read_file(struct run *r, struct err *err)
{
	const char *head = head_line(r);
	char *buf = arena_alloc_raw(r->c->arena, 1 << 20);
	size_t lines = 0;
	long good = 0;
	int rc = 0;

	while (rc == 0 && fgets(buf, 1 << 20, r->f) != NULL) {
		size_t n = strlen(buf);

		if (n == 0 || buf[n - 1] != '\n')
			break;			/* torn */
		buf[--n] = '\0';
		if (lines++ > 0)
			rc = keep_trial(r, buf, n, err);
		else if (strcmp(buf, head) != 0)
			return FAIL(err, E_CONFLICT, "%s: is of another search (script, "
				    "candles, options or space differ); give another "
				    "--out", r->o->out);
		if (rc < 0)
			err_wrap(err, "%s:%zu", r->o->out, lines);
		else
			good = ftell(r->f);
	}
	if (rc < 0)
		return rc;
	if (fseek(r->f, good, SEEK_SET) != 0 ||
	    ftruncate(fileno(r->f), good) != 0)
		return FAIL(err, E_IO, "%s: %s", r->o->out, strerror(errno));
	if (lines == 0 && (fprintf(r->f, "%s\n", head) < 0 || fflush(r->f) != 0))
		return FAIL(err, E_IO, "%s: %s", r->o->out, strerror(errno));
	r->n_kept = r->done;
	return 0;
}

static int open_file(struct run *r, struct err *err)
{
	if (r->o->out == NULL)
		return 0;
	r->f = fopen(r->o->out, "r+");
	if (r->f == NULL && errno == ENOENT)
		r->f = fopen(r->o->out, "w+");
	if (r->f == NULL)
		return FAIL(err, E_IO, "%s: %s", r->o->out, strerror(errno));
	return read_file(r, err);
}

static int on_trial(void *ctx, const char *line, size_t n, struct err *err)
{
	struct run *r = ctx;
	int rc = keep_trial(r, line, n, err);

	if (rc < 0)
		return rc;
	if (r->f != NULL && (fwrite(line, 1, n, r->f) != n ||
			     fputc('\n', r->f) == EOF || fflush(r->f) != 0))
		return FAIL(err, E_IO, "%s: %s", r->o->out, strerror(errno));
	ctl_progress_at(&r->bar, r->done);
	return 0;
}

/* --- the search ------------------------------------------------------------------------ */

/* One batch: what is not known yet is computed, then all of it is told. */
static int batch(struct run *r, struct opt_pool *pool, struct opt_search *q,
		 size_t fold, size_t from, size_t end, struct err *err)
{
	struct opt_job *jobs = NEW_N(r->c->arena, struct opt_job, end - from);
	size_t base = fold * r->per_fold, n = 0;
	int rc;

	for (size_t i = from; i < end; i++) {
		const double *p = opt_ask(q, i);

		assert(p != NULL);
		if (!r->have[base + i])
			jobs[n++] = (struct opt_job){ fold, i, p };
	}
	rc = opt_pool_run(pool, jobs, n, &stopped, on_trial, r, err);
	for (size_t i = from; rc == 0 && i < end; i++)
		opt_tell(q, i, r->v[base + i].score);
	return rc;
}

static int search(struct run *r, struct opt_pool *pool, struct err *err)
{
	int rc = 0;

	for (size_t fold = 0; rc == 0 && fold < r->n_folds; fold++) {
		struct opt_search *q = opt_search_new(r->c->arena, &r->spec, fold);

		for (size_t i = 0, end; rc == 0 && i < r->per_fold; i = end) {
			opt_batch(&r->spec, i, &end);
			rc = batch(r, pool, q, fold, i, end, err);
		}
	}
	return rc;
}

static int tick(void *ctx, size_t done, size_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	return stopped;
}

static int run(struct run *r, struct err *err)
{
	size_t jobs = r->o->jobs > 1 ? (size_t)r->o->jobs : 0;
	struct opt_pool *pool;
	int rc;

	r->data.opt.progress = tick;
	rc = opt_pool_new(r->c->arena, &r->data, &r->spec, r->folds, jobs, &pool,
			      err);

	if (rc < 0)
		return rc;
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_int }, NULL);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_int }, NULL);
	ctl_progress_start(&r->bar, r->c, "optimize", r->n_folds * r->per_fold);
	rc = search(r, pool, err);
	ctl_progress_end(&r->bar);
	opt_pool_end(pool);
	return rc;
}

/* --- the result ------------------------------------------------------------------------- */

static int write_result(struct run *r, const struct opt_result *res)
{
	size_t n = r->n_folds * r->per_fold;
	struct ctl *c = r->c;
	struct sbuf b;
	struct jw w;
	bool taken = false;		/* stdout, by JSON or CSV */
	int status = 0;

	if (r->o->json != NULL) {
		sbuf_init(&b, c->arena, FILE_MAX);
		jw_init(&w, &b);
		opt_result_json(&w, &r->spec, res, r->v, n);
		taken = strcmp(r->o->json, "-") == 0;
		status = ctl_save(c, r->o->json, &b);
	}
	if (status == 0 && r->o->csv != NULL) {
		sbuf_init(&b, c->arena, FILE_MAX);
		opt_trials_csv(&b, &r->spec, r->v, n);
		taken = taken || strcmp(r->o->csv, "-") == 0;
		status = ctl_save(c, r->o->csv, &b);
	}
	if (status != 0)
		return status;
	sbuf_init(&b, c->arena, 1 << 22);
	opt_result_text(&b, &r->spec, res, r->v, n);
	if (!taken)
		return ctl_print(c, &b);
	fputs(b.buf, stderr);		/* what is said of luck is never left out */
	return 0;
}

static int stopped_early(const struct run *r)
{
	size_t n = r->n_folds * r->per_fold;

	if (r->f != NULL)
		ctl_say(r->c, "stopped after %zu of %zu trials; the same command "
			"continues with %s", r->done, n, r->o->out);
	else
		ctl_say(r->c, "stopped after %zu of %zu trials; --out FILE would have "
			"kept them", r->done, n);
	return 130;
}

static int optimize(struct ctl *c, const struct opts *o)
{
	struct run r = { .c = c, .o = o };
	struct opt_result res;
	struct err err;
	int rc = load(&r, &err);

	if (rc == 0)
		rc = open_file(&r, &err);
	if (rc < 0)
		return ctl_fail(c, &err);
	if (r.n_kept > 0)
		ctl_say(c, "%zu of %zu trials are in %s already", r.n_kept,
			r.n_folds * r.per_fold, o->out);
	rc = run(&r, &err);
	if (rc > 0)
		return stopped_early(&r);
	r.data.opt.progress = NULL;
	if (rc == 0)
		rc = opt_conclude(c->arena, &r.data, &r.spec, r.v,
				  r.n_folds * r.per_fold, &res, &err);
	if (r.f != NULL && fclose(r.f) != 0 && rc == 0)
		rc = FAIL(&err, E_IO, "%s: %s", o->out, strerror(errno));
	return rc < 0 ? ctl_fail(c, &err) : write_result(&r, &res);
}

int ctl_optimize(struct ctl *c)
{
	struct opts o = {
		.bars = CTL_BARS_NONE, .method = "grid", .rules = "chart", .objective = "sharpe",
		.seed = 1, .jobs = 1, .capital = NAN, .fee = NAN, .slippage = NAN,
	};
	const struct ctl_opt opts[] = {
		CTL_RUN_OPTS(o),
		{ "candles", 0, CTL_TEXT, &o.bars.candles, "FILE",
		  "candles of a CSV file", 0, 0 },
		{ "space", 0, CTL_LIST, &o.space, "INPUT=MIN:MAX:STEP",
		  "what to search; or INPUT=A,B,C; again for more inputs", 0, 0 },
		{ "method", 0, CTL_TEXT, &o.method, "NAME",
		  "grid, random, sobol, anneal or tpe", 0, 0 },
		{ "objective", 0, CTL_TEXT, &o.objective, "METRIC",
		  "sharpe; min: or max: before it says which way", 0, 0 },
		{ "constraint", 0, CTL_LIST, &o.limits, "METRIC>=VALUE",
		  "only trials that keep to it; or <=", 0, 0 },
		{ "metric", 0, CTL_LIST, &o.metrics, "NAME",
		  "only these are kept of a trial: faster; again for more", 0, 0 },
		{ "trials", 'n', CTL_INT, &o.trials, "N", "at most", 1, OPT_TRIALS_MAX },
		{ "seed", 0, CTL_INT, &o.seed, "S", "the same gives the same", 0, INT64_MAX },
		{ "jobs", 'j', CTL_INT, &o.jobs, "K", "processes", 1, 64 },
		{ "walk-forward", 0, CTL_TEXT, &o.walk, "KIND", "anchored or rolling", 0, 0 },
		{ "train", 0, CTL_INT, &o.train, "BARS", "of each fold's search", 2, 1 << 30 },
		{ "test", 0, CTL_INT, &o.test, "BARS", "tested behind it", 2, 1 << 30 },
		{ "set", 0, CTL_LIST, &o.set, "NAME=VALUE", "an input that is fixed", 0, 0 },
		{ "rules-set", 0, CTL_TEXT, &o.rules, "NAME",
		  "chart or strict", 0, 0 },
		{ "option", 0, CTL_LIST, &o.options, "NAME=VALUE",
		  "another option of the run, as the API names it", 0, 0 },
		{ "out", 'o', CTL_TEXT, &o.out, "FILE.jsonl",
		  "keep each trial; the same command continues it", 0, 0 },
		{ "json", 0, CTL_TEXT, &o.json, "FILE", "write all of the result", 0, 0 },
		{ "csv", 0, CTL_TEXT, &o.csv, "FILE", "write the trials", 0, 0 },
		{ 0 } };
	const char *wrong;
	int status;

	if (!ctl_parse(c, opts, "SCRIPT", 1, 1, &status))
		return status;
	wrong = ctl_bars_wrong(&o.bars);
	if (wrong == NULL && o.walk != NULL && (o.train == 0 || o.test == 0))
		wrong = "--walk-forward needs --train BARS and --test BARS";
	if (wrong == NULL && o.walk == NULL && (o.train != 0 || o.test != 0))
		wrong = "--train and --test are of --walk-forward";
	if (wrong != NULL)
		return ctl_usage(c, "%s", wrong);
	if (o.bars.market != NULL && !ctl_conf(c, &status))
		return status;
	return optimize(c, &o);
}
