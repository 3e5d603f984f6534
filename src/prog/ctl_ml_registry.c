#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/sha256.h"
#include "db/db.h"
#include "ml/registry.h"
#include "prog/ctl_ml.h"
#include "prog/ctl_named.h"

/* orchctl ml list, promote, retire, keep: the models in the database.  Workers
 * hear of a change within SHELF_TRUST_MS, for this program has no board. */

/* ---- listing ----------------------------------------------------------------- */

static void day(char to[static TIME_TEXT_MAX], int64_t ms)
{
	if (ms == 0)
		snprintf(to, TIME_TEXT_MAX, "-");
	else
		time_format(to, ms);
	to[10] = '\0';
}

static void line(struct sbuf *b, const struct model *m)
{
	char trained[TIME_TEXT_MAX], seen[TIME_TEXT_MAX];

	day(trained, m->trained);
	day(seen, model_seen_to(m));
	sbuf_addf(b, "%6" PRIu64 "  %-20.20s %-14.14s %-10s %s:%s %s  knows to %s, "
		  "trained %s%s\n", m->id, m->name, m->kind, model_state_name(m->state),
		  m->exchange, m->symbol, tf_name(m->tf), seen, trained,
		  !m->judged ? "" : m->better ? ", better" : ", not better");
}

int ctl_ml_models(struct ctl *c)
{
	const char *user = "admin";
	const struct ctl_opt opts[] = {
		{ "user", 'u', CTL_TEXT, &user, "NAME", "whose; admin", 0, 0 },
		{ 0 } };
	struct model_filter f = { .state = "", .kind = "", .limit = 500 };
	struct model *v;
	struct sbuf b;
	struct err err;
	struct db *db;
	size_t n;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status) || !ctl_conf(c, &status))
		return status;
	db = db_new(c->arena, c->conf);
	if (ctl_find_user(c, db, user, &f.user, &err) < 0 ||
	    model_list(c->arena, db, &f, &v, &n, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, 1 << 20);
	for (size_t i = 0; i < n; i++)
		line(&b, &v[i]);
	return ctl_print(c, &b);
}

/* ---- putting to use ------------------------------------------------------------ */

static int change(struct ctl *c, const struct ctl_opt *opts,
		  int (*fn)(struct db *db, const struct model *m, struct err *err))
{
	struct model m;
	struct sbuf b;
	struct err err;
	struct db *db;
	uint64_t id;
	int status;

	if (!ctl_parse(c, opts, "MODEL", 1, 1, &status) || !ctl_conf(c, &status))
		return status;
	if (!str_u64(str_c(c->argv[0]), &id))
		return ctl_usage(c, "\"%s\" is not the number of a model", c->argv[0]);
	db = db_new(c->arena, c->conf);
	if (model_get(c->arena, db, id, &m, &err) < 0 || fn(db, &m, &err) < 0 ||
	    model_get(c->arena, db, id, &m, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, 1 << 12);
	line(&b, &m);
	return ctl_print(c, &b);
}

static int promote(struct db *db, const struct model *m, struct err *err)
{
	return model_promote(db, m, clock_ms(&clock_real), err);
}

static const struct ctl_opt no_opts[] = { { 0 } };

int ctl_ml_promote(struct ctl *c)
{
	return change(c, no_opts, promote);
}

int ctl_ml_retire(struct ctl *c)
{
	return change(c, no_opts, model_retire);
}

/* ---- taking in --------------------------------------------------------------------- */

struct keeping {
	struct model m;
	struct model_result r;
};

static int keep_tx(void *ctx, struct db *db, struct err *err)
{
	struct keeping *k = ctx;
	int64_t now = clock_ms(&clock_real);
	int rc = model_add(db, &k->m, now, &k->m.id, err);

	return rc < 0 ? rc : model_done(db, k->m.id, 0, &k->r, now, err);
}

static int market_of(struct db *db, const char *ref, uint64_t *ret, struct err *err)
{
	struct market m;
	int rc;

	if (!market_ref_parse(str_c(ref), &m))
		return FAIL(err, E_INVAL, "\"%s\" is no market: give --market "
			    "EXCHANGE:BASE/QUOTE", ref);
	rc = market_find(db, m.exchange, m.symbol, &m, err);
	if (rc == 0)
		*ret = m.id;
	return rc;
}

static int read_file(struct ctl *c, const char *path, const char *name,
		     struct keeping *k, const char **ret_market, struct err *err)
{
	char *sum = arena_alloc(c->arena, ML_HASH_HEX + 1);
	struct ml_model *m;
	struct ml_plan p;
	const char *bytes;
	struct sbuf spec;
	struct jw w;
	size_t n;
	int rc = ctl_ml_bytes(c->arena, path, &bytes, &n, err);

	if (rc == 0)
		rc = ml_model_parse(c->arena, bytes, n, &m, err);
	if (rc < 0)
		return rc;
	sha256_hex(bytes, n, sum);
	ml_plan_of(m, &p);
	sbuf_init(&spec, c->arena, 1 << 20);
	jw_init(&w, &spec);
	ml_plan_write(&w, &p);
	k->m.name = name != NULL ? name : *m->name != '\0' ? m->name : "imported";
	k->m.notes = "";
	k->m.kind = m->kind->name;
	k->m.tf = m->tf;
	k->m.train_from = p.train_from;
	k->m.train_to = p.train_to;
	k->m.valid_to = p.valid_to;
	k->m.test_to = p.test_to;
	k->m.spec = sbuf_finish(&spec);
	k->r = (struct model_result){
		.file = str_n(bytes, n), .kind = m->kind->name, .checksum = sum,
		.feature_hash = m->feature_hash,
		.metrics = strcmp(m->metrics, "null") == 0 ? "{}" : m->metrics,
		.verdict = *m->verdict != '\0' ? m->verdict : NULL,
		.judged = *m->verdict != '\0', .better = m->better,
	};
	*ret_market = m->market;
	return 0;
}

int ctl_ml_keep(struct ctl *c)
{
	const char *user = "admin", *name = NULL, *market = NULL, *own;
	const struct ctl_opt opts[] = {
		{ "user", 'u', CTL_TEXT, &user, "NAME", "whose it becomes; admin", 0, 0 },
		{ "name", 0, CTL_TEXT, &name, "NAME", "the file's own", 0, 0 },
		{ "market", 'm', CTL_TEXT, &market, "EX:PAIR", "the file's own", 0, 0 },
		{ 0 } };
	struct keeping k = { 0 };
	struct sbuf b;
	struct err err;
	struct db *db;
	int status;

	if (!ctl_parse(c, opts, "FILE", 1, 1, &status) || !ctl_conf(c, &status))
		return status;
	db = db_new(c->arena, c->conf);
	if (read_file(c, c->argv[0], name, &k, &own, &err) < 0 ||
	    ctl_find_user(c, db, user, &k.m.user_id, &err) < 0 ||
	    market_of(db, market != NULL ? market : own, &k.m.market_id, &err) < 0 ||
	    db_tx(db, keep_tx, &k, &err) < 0 ||
	    model_get(c->arena, db, k.m.id, &k.m, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, 1 << 12);
	line(&b, &k.m);
	return ctl_print(c, &b);
}
