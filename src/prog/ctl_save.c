#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bt/stored.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "db/db.h"
#include "prog/ctl_bt.h"
#include "prog/ctl_named.h"

/* orchctl backtest --save: what was asked for becomes the row that the API
 * would have made of it, and is run as a job would run it. */

static void option(struct jw *w, const char *name, double v)
{
	if (!isnan(v))
		jw_kf64(w, name, v);
}

static const char *options_of(struct ctl *c, const struct run_opts *o)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, c->arena, 1 << 16);
	jw_init(&w, &b);
	jw_obj(&w);
	option(&w, "initial_capital", o->capital);
	option(&w, "fee", o->fee);
	option(&w, "slippage", o->slippage);
	option(&w, "spread", o->spread);
	option(&w, "latency", o->latency);
	option(&w, "volume_share", o->volume);
	option(&w, "interest", o->interest);
	option(&w, "mintick", o->bars.tick);
	option(&w, "lot", o->bars.lot);
	if (o->new_defaults)
		jw_kbool(&w, "new_defaults", true);
	if (o->bars.in_sample)
		jw_kbool(&w, "in_sample", true);
	jw_obj_end(&w);
	return sbuf_finish(&b);
}

static int row_of(struct ctl *c, const struct run_opts *o, struct db *db,
		  enum bt_rules rules, struct backtest *b, struct err *err)
{
	struct script_options so = { .new_defaults = o->new_defaults };
	const char *colon = strrchr(o->bars.market, ':'), *text;
	struct market *m = NEW(c->arena, struct market);
	const struct script_prog *prog;
	struct candles cs;
	size_t n;
	int rc;

	if (colon == NULL || !tf_parse(str_c(colon + 1), &b->tf) ||
	    !market_ref_parse(str_n(o->bars.market, (size_t)(colon - o->bars.market)),
			      m))
		return FAIL(err, E_INVAL, "--market %s: must be like "
			    "binance:BTC/USDT:1h", o->bars.market);
	rc = ctl_find_user(c, db, o->user, &b->user_id, err);
	if (rc == 0)
		rc = market_find(db, m->exchange, m->symbol, m, err);
	if (rc == 0)
		rc = candles_load(c->arena, db, m->id, b->tf, o->bars.from,
				  o->bars.to, &cs, err);
	if (rc == 0 && cs.n == 0)
		rc = FAIL(err, E_UNPROCESSABLE, "there are no candles");
	if (rc == 0)
		rc = ctl_compile(c, c->argv[0], &so, &prog, err);
	if (rc == 0)
		rc = ctl_inputs_json(c->arena, prog, o->set.v, o->set.n, &b->inputs,
				     err);
	if (rc == 0)
		rc = ctl_read_text(c->arena, c->argv[0], &text, &n, err);
	if (rc < 0)
		return rc;
	b->source = str_n(text, n);
	b->market_id = m->id;
	b->symbol = m->symbol;
	b->from = cs.t[0];
	b->to = tf_next(b->tf, cs.t[cs.n - 1]);
	b->rules_set = rules;
	b->options = options_of(c, o);
	b->strategy_name = str_dup(c->arena, str_n(script_properties(prog)->title,
		strnlen(script_properties(prog)->title, 80)));
	b->name = o->save[0] != '\0' ? o->save :
		arena_printf(c->arena, "%.60s %s %s", b->strategy_name, b->symbol,
			     tf_name(b->tf));
	b->notes = "";
	b->tags = "[]";
	if (o->rules != NULL && rules == BT_RULES_FREQTRADE) {
		rc = ctl_read_text(c->arena, o->rules, &text, &n, err);
		b->rules = text;
	}
	return rc;
}

const char *bt_save_wrong(const struct run_opts *o)
{
	if (o->save == NULL)
		return o->user_given != NULL ? "--user is of --save" : NULL;
	if (o->bars.market == NULL)
		return "--save keeps runs over candles of the store: --market "
			"EX:PAIR:TF";
	if (o->detail.n > 0 || o->funding.n > 0 || o->bars.data.n > 0 ||
	    o->bars.models.n > 0)
		return "--save keeps what can be run again from the store: without "
			"files of --detail, --funding, --data and --model";
	if (o->bars.timezone != NULL || o->bars.session != NULL)
		return "--save knows no --timezone and no --session";
	if (strlen(o->save) > BT_NAME_MAX)
		return "the name of --save is too long";
	return NULL;
}

int bt_save(struct ctl *c, const struct run_opts *o, enum bt_rules rules)
{
	static const struct bt_hooks none = { 0 };
	struct db *db = db_new(c->arena, c->conf);
	struct backtest b = { 0 };
	struct bt_record rec;
	struct err err;
	uint64_t id;
	int rc = row_of(c, o, db, rules, &b, &err);

	if (rc == 0)
		rc = bt_stored_run(c->arena, db, ml_shelf_new(c->arena,
				   c->conf->model_dir), &b, &none, &rec, &err);
	if (rc == 0)
		rc = bt_store_keep(db, &b, &rec, clock_ms(&clock_real), &id, &err);
	if (rc < 0) {
		err_wrap(&err, "not saved");
		return ctl_fail(c, &err);
	}
	if (!c->quiet)
		ctl_say(c, "saved as backtest %" PRIu64 ": %s", id, b.name);
	return 0;
}
