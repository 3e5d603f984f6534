#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth/auth.h"
#include "bot/bot.h"
#include "core/clock.h"
#include "db/db.h"
#include "prog/ctl.h"
#include "prog/ctl_named.h"
#include "script/script.h"
#include "script/store.h"

#define TEXT_MAX	((size_t)4 << 20)
#define WAIT_MS		200

static struct db *open_db(struct ctl *c)
{
	return db_new(c->arena, c->conf);
}

/* ---- finding things by name --------------------------------------------------- */

static int find_market(struct db *db, const char *ref, uint64_t *ret,
		       struct err *err)
{
	struct market m, found;
	int rc;

	if (!market_ref_parse(str_c(ref), &m))
		return FAIL(err, E_INVAL, "\"%s\" is not EXCHANGE:BASE/QUOTE", ref);
	rc = market_find(db, m.exchange, m.symbol, &found, err);
	if (rc == 0)
		*ret = found.id;
	return rc;
}

/* "EMA cross" is also ema_cross, which needs no quotes in a shell. */
static bool same_name(const char *name, const char *typed)
{
	for (;; name++, typed++) {
		int a = *name == ' ' || *name == '-' ? '_' :
			tolower((unsigned char)*name);

		if (a != tolower((unsigned char)*typed) &&
		    !(a == '_' && (*typed == ' ' || *typed == '-')))
			return false;
		if (a == '\0')
			return true;
	}
}

static int find_strategy(struct ctl *c, struct db *db, uint64_t user,
			 const char *name, struct strategy *ret, struct err *err)
{
	struct strategy *v;
	uint64_t id;
	size_t n;
	int rc;

	if (str_u64(str_c(name), &id))
		return strategy_get(c->arena, db, user, id, ret, err);
	rc = strategy_find(c->arena, db, user, name, ret, err);
	if (rc != -E_NOTFOUND)
		return rc;
	rc = strategy_list(c->arena, db, user, 0, 500, &v, &n, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (same_name(v[i].name, name))
			return strategy_get(c->arena, db, user, v[i].id, ret, err);
	return FAIL(err, E_NOTFOUND, "there is no strategy \"%s\"", name);
}

/* A bot by number, or by its name when only one bears it. */
static int find_bot(struct ctl *c, struct db *db, const char *what,
		    struct bot_row *ret, struct err *err)
{
	const struct bot_row *hit = NULL;
	struct bot_row *v;
	uint64_t id;
	size_t n;
	int rc;

	if (str_u64(str_c(what), &id))
		return bot_get(c->arena, db, 0, id, ret, err);
	rc = bot_list(c->arena, db, 0, 0, &v, &n, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].name, what) != 0)
			continue;
		if (hit != NULL)
			return FAIL(err, E_INVAL, "more than one bot is called "
				    "\"%s\": give its number", what);
		hit = &v[i];
	}
	if (hit == NULL)
		return FAIL(err, E_NOTFOUND, "there is no bot \"%s\"", what);
	*ret = *hit;
	return 0;
}

/* ---- inputs: NAME=VALUE operands become the JSON object a bot keeps -------------- */

static int inputs_of(struct ctl *c, const struct strategy *s,
		     const struct json **ret, struct err *err)
{
	const struct script_prog *prog;
	struct diags d = { 0 };
	const char *text;
	int rc = script_compile(c->arena, s->source.p, s->source.n, NULL, &prog,
				&d, err);

	if (rc == 0)
		rc = ctl_inputs_json(c->arena, prog, (const char *const *)c->argv,
				     (size_t)c->argc, &text, err);
	return rc < 0 ? rc : json_parse(c->arena, text, strlen(text), ret, err);
}

/* ---- showing ----------------------------------------------------------------------- */

static void line(struct sbuf *b, const struct bot_row *r)
{
	char equity[MONEY_TEXT_MAX];

	quote_format(equity, r->equity);
	sbuf_addf(b, "%6" PRIu64 "  %-9s %8" PRIu64 " bars %6" PRIu64
		  " trades  %-16.16s %s\n", r->id, bot_state_name(r->state),
		  r->bars, r->trades, equity, r->name);
}

static int show(struct ctl *c, const struct bot_row *r)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, c->arena, TEXT_MAX);
	jw_init(&w, &b);
	bot_json(&w, r);
	sbuf_addf(&b, "\n");
	return ctl_print(c, &b);
}

static int bot_list_cmd(struct ctl *c)
{
	const struct ctl_opt opts[] = { { 0 } };
	struct bot_row *v;
	struct db *db;
	struct sbuf b;
	struct err err;
	size_t n;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status) || !ctl_conf(c, &status))
		return status;
	db = open_db(c);
	if (bot_list(c->arena, db, 0, 0, &v, &n, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		line(&b, &v[i]);
	return ctl_print(c, &b);
}

/* ---- waiting and running ------------------------------------------------------------- */

static int wait_for(struct ctl *c, struct db *db, uint64_t id, int64_t timeout_s,
		    struct bot_row *ret, struct err *err)
{
	int64_t end = timeout_s == 0 ? INT64_MAX :
		clock_mono_ns() + timeout_s * 1000000000;
	struct ctl_progress bar;
	bool shown = false;
	int rc;

	for (;;) {
		SCOPE(tmp, c->arena) {
			struct bot_row r;

			rc = bot_get(tmp, db, 0, id, &r, err);
			if (rc == 0 && !shown && r.bars_total > 0) {
				ctl_progress_start(&bar, c, "bars", r.bars_total);
				shown = true;
			}
			if (rc == 0 && shown)
				ctl_progress_at(&bar, r.bars);
			if (rc == 0 && !bot_state_needs_runner(r.state)) {
				rc = bot_get(c->arena, db, 0, id, ret, err);
				if (shown)
					ctl_progress_end(&bar);
				return rc;
			}
		}
		if (rc < 0 && rc != -E_DB)
			return rc;
		if (clock_mono_ns() > end)
			return FAIL(err, E_TIMEOUT, "bot %" PRIu64 " is not done "
				    "after %" PRId64 " s", id, timeout_s);
		clock_sleep_ms(WAIT_MS);
	}
}

static int end_status(struct ctl *c, const struct bot_row *r)
{
	struct err err;
	int status = show(c, r);

	if (status != 0 || r->state != BOT_HALTED)
		return status;
	(void)FAIL(&err, E_UNPROCESSABLE, "bot %" PRIu64 " halted: %s", r->id,
		   r->error ? r->error : "");
	return ctl_fail(c, &err);
}

static int bot_wait_cmd(struct ctl *c)
{
	int64_t timeout = 0;
	const struct ctl_opt opts[] = {
		{ "timeout", 't', CTL_INT, &timeout, "SECONDS",
		  "give up after so long", 1, 1000000 },
		{ 0 } };
	struct bot_row r;
	struct db *db;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, "BOT", 1, 1, &status) || !ctl_conf(c, &status))
		return status;
	db = open_db(c);
	if (find_bot(c, db, c->argv[0], &r, &err) < 0 ||
	    wait_for(c, db, r.id, timeout, &r, &err) < 0)
		return ctl_fail(c, &err);
	return end_status(c, &r);
}

/* A runner of one's own, for one bot, until it is done: no orch-run needed. */
static int run_here(struct ctl *c, struct db *db, uint64_t id,
		    struct bot_row *ret, struct err *err)
{
	struct runner_conf rc = { .conf = c->conf, .db = db, .until_idle = true,
				  .only_bot = id };
	int r;

	runner_holder(rc.holder, 0);
	r = runner_run(c->arena, &rc, NULL, err);
	return r < 0 ? r : bot_get(c->arena, db, 0, id, ret, err);
}

static int bot_run_cmd(struct ctl *c)
{
	const struct ctl_opt opts[] = { { 0 } };
	struct bot_row r;
	struct db *db;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, "BOT", 1, 1, &status) || !ctl_conf(c, &status))
		return status;
	db = open_db(c);
	if (find_bot(c, db, c->argv[0], &r, &err) < 0 ||
	    bot_start(c->arena, db, &r, &err) < 0 ||
	    run_here(c, db, r.id, &r, &err) < 0)
		return ctl_fail(c, &err);
	return end_status(c, &r);
}

/* ---- create --------------------------------------------------------------------------- */

struct create_in {
	const char *user, *market, *tf, *strategy, *name, *feed, *balance, *speed;
	const char *fee, *participation;
	int64_t from, to, slippage, latency;
	bool start, run, no_short;
};

static int create_costs(const struct create_in *in, struct bot_new *n,
			struct err *err)
{
	if (!quote_parse(&n->initial, in->balance))
		return FAIL(err, E_INVAL, "\"%s\" is not an amount", in->balance);
	if (!str_double(str_c(in->speed), &n->speed))
		return FAIL(err, E_INVAL, "\"%s\" is not a number", in->speed);
	if (in->fee != NULL) {
		if (!qty_parse(&n->fee_taker, in->fee))
			return FAIL(err, E_INVAL, "\"%s\" is not a fraction",
				    in->fee);
		n->fee_maker = n->fee_taker;
		n->has_fees = true;
	}
	if (in->participation != NULL &&
	    !qty_parse(&n->participation, in->participation))
		return FAIL(err, E_INVAL, "\"%s\" is not a fraction",
			    in->participation);
	n->has_slippage = in->slippage >= 0;
	n->slippage_ticks = in->slippage >= 0 ? in->slippage : 0;
	n->latency_ms = in->latency;
	n->allow_short = !in->no_short;
	return 0;
}

static int create(struct ctl *c, struct db *db, const struct create_in *in,
		  struct bot_row *ret, struct err *err)
{
	struct strategy s;
	struct bot_new n;
	uint64_t user, id;
	int rc;

	bot_new_defaults(&n);
	if (!tf_parse(str_c(in->tf), &n.tf))
		return FAIL(err, E_INVAL, "\"%s\" is not a timeframe", in->tf);
	if (strcmp(in->feed, "replay") == 0)
		n.feed = BOT_FEED_REPLAY;
	else if (strcmp(in->feed, "live") != 0)
		return FAIL(err, E_INVAL, "a feed is \"live\" or \"replay\"");
	n.from_ms = in->from;
	n.to_ms = in->to;
	rc = create_costs(in, &n, err);
	if (rc == 0)
		rc = ctl_find_user(c, db, in->user, &user, err);
	if (rc == 0)
		rc = find_market(db, in->market, &n.market_id, err);
	if (rc == 0)
		rc = find_strategy(c, db, user, in->strategy, &s, err);
	if (rc == 0)
		rc = strategy_bundle(c->arena, db, user, s.source, &s.source, err);
	if (rc == 0)
		rc = inputs_of(c, &s, &n.inputs, err);
	if (rc < 0)
		return rc;
	n.strategy_id = s.id;
	n.name = in->name != NULL ? in->name :
		arena_printf(c->arena, "%s on %s", s.name, in->market);
	rc = bot_create(db, user, &n, &id, err);
	return rc < 0 ? rc : bot_get(c->arena, db, 0, id, ret, err);
}

static int bot_create_cmd(struct ctl *c)
{
	struct create_in in = { .user = "admin", .tf = "1h", .feed = "live",
		.balance = "10000", .speed = "1", .slippage = -1,
		.from = INT64_MIN, .to = INT64_MAX };
	const struct ctl_opt opts[] = {
		{ "user", 'u', CTL_TEXT, &in.user, "NAME", "whose bot (admin)", 0, 0 },
		{ "market", 'm', CTL_TEXT, &in.market, "EXCHANGE:BASE/QUOTE", "what it trades", 0, 0 },
		{ "tf", 0, CTL_TEXT, &in.tf, "TF", "timeframe of its bars (1h)", 0, 0 },
		{ "strategy", 's', CTL_TEXT, &in.strategy, "NAME", "name or number", 0, 0 },
		{ "name", 'n', CTL_TEXT, &in.name, "NAME", "how it is called", 0, 0 },
		{ "feed", 'f', CTL_TEXT, &in.feed, "live|replay", "where its candles come from (live)", 0, 0 },
		{ "speed", 0, CTL_TEXT, &in.speed, "X", "of a replay: times real time; 0: as fast as possible (1)", 0, 0 },
		{ "from", 0, CTL_TIME, &in.from, "TIME", "a replay begins there", 0, 0 },
		{ "to", 0, CTL_TIME, &in.to, "TIME", "and ends before", 0, 0 },
		{ "balance", 'b', CTL_TEXT, &in.balance, "AMOUNT", "paper money to begin with (10000)", 0, 0 },
		{ "fee", 0, CTL_TEXT, &in.fee, "FRACTION", "of every fill; 0.001 is 0.1 %", 0, 0 },
		{ "slippage", 0, CTL_INT, &in.slippage, "TICKS", "of market and stop orders", 0, 100000 },
		{ "latency", 0, CTL_INT, &in.latency, "MS", "until an order is at the exchange", 0, 3600000 },
		{ "participation", 0, CTL_TEXT, &in.participation, "FRACTION", "of a candle's volume that fills may take", 0, 0 },
		{ "no-short", 0, CTL_FLAG, &in.no_short, NULL, "sell only what is held", 0, 0 },
		{ "start", 0, CTL_FLAG, &in.start, NULL, "start it at once", 0, 0 },
		{ "run", 0, CTL_FLAG, &in.run, NULL, "and run it here, until it is done", 0, 0 },
		{ 0 } };
	struct bot_row r;
	struct db *db;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, "[INPUT=VALUE...]", 0, CTL_MANY, &status))
		return status;
	if (in.market == NULL || in.strategy == NULL)
		return ctl_usage(c, "--market and --strategy are needed");
	if (!ctl_conf(c, &status))
		return status;
	db = open_db(c);
	if (create(c, db, &in, &r, &err) < 0)
		return ctl_fail(c, &err);
	if ((in.start || in.run) && bot_start(c->arena, db, &r, &err) < 0)
		return ctl_fail(c, &err);
	if (!in.run) {
		struct sbuf b;

		sbuf_init(&b, c->arena, 100);
		sbuf_addf(&b, "%" PRIu64 "\n", r.id);
		return ctl_print(c, &b);
	}
	if (run_here(c, db, r.id, &r, &err) < 0)
		return ctl_fail(c, &err);
	return end_status(c, &r);
}

/* ---- the small ones ---------------------------------------------------------------------- */

typedef int bot_wish(struct arena *out, struct db *db, struct bot_row *b,
		     struct err *err);

static int wish(struct ctl *c, bot_wish *fn)
{
	const struct ctl_opt opts[] = { { 0 } };
	struct db *db;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, "BOT...", 1, CTL_MANY, &status) ||
	    !ctl_conf(c, &status))
		return status;
	db = open_db(c);
	for (int i = 0; i < c->argc; i++) {
		struct bot_row r;

		if (find_bot(c, db, c->argv[i], &r, &err) < 0 ||
		    fn(c->arena, db, &r, &err) < 0)
			return ctl_fail(c, &err);
	}
	return 0;
}

static int bot_start_cmd(struct ctl *c) { return wish(c, bot_start); }
static int bot_pause_cmd(struct ctl *c) { return wish(c, bot_pause); }
static int bot_stop_cmd(struct ctl *c) { return wish(c, bot_stop); }

static int delete_one(struct arena *out, struct db *db, struct bot_row *b,
		      struct err *err)
{
	(void)out;
	return bot_delete(db, b, err);
}

static int bot_delete_cmd(struct ctl *c) { return wish(c, delete_one); }

static int bot_show_cmd(struct ctl *c)
{
	const struct ctl_opt opts[] = { { 0 } };
	struct bot_row r;
	struct db *db;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, "BOT", 1, 1, &status) || !ctl_conf(c, &status))
		return status;
	db = open_db(c);
	if (find_bot(c, db, c->argv[0], &r, &err) < 0)
		return ctl_fail(c, &err);
	return show(c, &r);
}

int ctl_bot(struct ctl *c)
{
	static const struct ctl_sub subs[] = {
		{ "create", bot_create_cmd, "[INPUT=VALUE...]", "make one" },
		{ "list", bot_list_cmd, NULL, "all of them" },
		{ "show", bot_show_cmd, "BOT", "one, as JSON" },
		{ "start", bot_start_cmd, "BOT...", "let it run (orch-run does)" },
		{ "pause", bot_pause_cmd, "BOT...", "hold it; its orders stay" },
		{ "stop", bot_stop_cmd, "BOT...", "end it; its orders are cancelled" },
		{ "delete", bot_delete_cmd, "BOT...", "with all it has traded" },
		{ "run", bot_run_cmd, "BOT", "run it here until it is done" },
		{ "wait", bot_wait_cmd, "BOT", "until it is done" },
		{ 0 } };

	return ctl_dispatch(c, subs);
}
