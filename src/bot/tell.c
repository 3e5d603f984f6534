#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bot/bot_i.h"
#include "core/clock.h"
#include "db/db.h"
#include "proc/board.h"
#include "proc/events.h"

/* What the pages that watch are told.  Hints only: the truth is in the tables,
 * and a replay as fast as possible says no more than people can see. */

#define TELL_EVERY_NS	250000000LL
#define TELL_PER_PERIOD	20
#define LOG_PER_MINUTE	120

static void publish(const struct bot *b, const char *type, const struct sbuf *s)
{
	const char *text = sbuf_finish(s);
	char topic[40];

	if (text == NULL)
		return;
	snprintf(topic, sizeof(topic), "bot:%" PRIu64, b->row.id);
	events_publish(topic, type, b->row.user_id, text, s->len);
}

/* Few enough events in this quarter of a second? */
static bool may_tell(struct bot *b)
{
	return b->told_n++ < TELL_PER_PERIOD;
}

void tell_order(void *ctx, const struct intent *it)
{
	struct bot *b = OBJ_CAST(struct bot, ctx, BOT_MAGIC);
	char coid[COID_TEXT_MAX];
	struct sbuf s;
	struct jw w;

	switch (it->state) {
	case ORDER_NEW:
	case ORDER_PARTIAL:
	case ORDER_CANCELING:
	case ORDER_ABANDONED:
	case ORDER_LOST_NOT_PLACED:
		break;
	case ORDER_SENDING:
		board_inc(BC_ORDERS_SENT);
		break;
	case ORDER_OPEN:
		board_inc(BC_ORDERS_ACKED);
		break;
	case ORDER_UNKNOWN:
		board_inc(BC_ORDERS_UNCERTAIN);
		break;
	case ORDER_FILLED:
		board_inc(BC_ORDERS_FILLED);
		break;
	case ORDER_CANCELED:
		board_inc(BC_ORDERS_CANCELLED);
		break;
	case ORDER_REJECTED:
		board_inc(BC_ORDERS_REFUSED);
		bot_log(b, LOG_L_WARN, "order \"%s\" was refused: %s", it->tag,
			it->reason);
		break;
	}
	if (!may_tell(b))
		return;
	SCOPE(tmp, b->tick) {
		sbuf_init(&s, tmp, 4096);
		jw_init(&w, &s);
		coid_format(coid, it->o.coid);
		jw_obj(&w);
		jw_ku64(&w, "id", it->id);
		jw_kstr(&w, "client_id", coid);
		jw_kstr(&w, "side", xchg_side_name(it->o.side));
		jw_kstr(&w, "type", xchg_type_name(it->o.type));
		jw_key(&w, "qty");
		jw_qty(&w, it->o.qty);
		jw_key(&w, "filled");
		jw_qty(&w, it->filled);
		jw_kstr(&w, "state", order_state_name(it->state));
		jw_kstr(&w, "signal", it->tag);
		jw_ki64(&w, "created", it->created_ms);
		jw_kstr(&w, "reason", *it->reason ? it->reason : NULL);
		jw_obj_end(&w);
		publish(b, "order", &s);
	}
}

static void tell_fill(struct bot *b, const struct booked *f)
{
	struct sbuf s;
	struct jw w;

	SCOPE(tmp, b->tick) {
		sbuf_init(&s, tmp, 2048);
		jw_init(&w, &s);
		jw_obj(&w);
		jw_ku64(&w, "order_id", f->intent);
		jw_ki64(&w, "time", f->f.time_us / 1000);
		jw_kstr(&w, "side", xchg_side_name(f->f.side));
		jw_key(&w, "price");
		jw_price(&w, f->f.price);
		jw_key(&w, "qty");
		jw_qty(&w, f->f.qty);
		jw_key(&w, "fee");
		jw_quote(&w, f->f.fee);
		jw_kstr(&w, "fee_asset", f->f.fee_asset);
		jw_kstr(&w, "signal", f->tag);
		jw_obj_end(&w);
		publish(b, "fill", &s);
	}
}

static void tell_trade(struct bot *b, const struct acct_trade *t)
{
	struct sbuf s;
	struct jw w;

	SCOPE(tmp, b->tick) {
		sbuf_init(&s, tmp, 2048);
		jw_init(&w, &s);
		jw_obj(&w);
		jw_ku64(&w, "number", t->number);
		jw_kstr(&w, "direction", t->direction > 0 ? "long" : "short");
		jw_ki64(&w, "entry_time", t->entry_ms);
		jw_kbool(&w, "open", t->open);
		jw_key(&w, "qty");
		jw_qty(&w, t->qty);
		if (!t->open) {
			jw_ki64(&w, "exit_time", t->exit_ms);
			jw_key(&w, "profit");
			jw_quote(&w, t->profit);
		}
		jw_obj_end(&w);
		publish(b, "trade", &s);
	}
}

void tell_fills(struct bot *b, const struct sync_out *o)
{
	for (size_t i = 0; i < o->n_fills; i++)
		if (may_tell(b))
			tell_fill(b, &o->fills[i]);
	for (size_t i = 0; i < o->trades.n; i++)
		if (may_tell(b))
			tell_trade(b, &o->trades.v[i]);
}

/* The row as the page would read it, from what is in memory. */
static void refresh_row(struct bot *b)
{
	struct bot_row *r = &b->row;

	r->bars = (uint64_t)(b->index + 1);
	r->last = b->last;
	r->base = b->acct.base;
	r->cash = b->acct.cash;
	r->equity = b->equity;
	r->avg_price = acct_avg_price(&b->acct);
	r->since_ms = b->acct.n_lots > 0 ? b->acct.lots[0].entry_ms : 0;
	r->trades = b->acct.closed_first + b->acct.n_closed + b->acct.n_lots;
}

void tell_state(struct bot *b)
{
	struct sbuf s;
	struct jw w;

	SCOPE(tmp, b->tick) {
		const char *text;

		sbuf_init(&s, tmp, EVENT_MAX);
		jw_init(&w, &s);
		bot_json(&w, &b->row);
		publish(b, "state", &s);
		text = sbuf_finish(&s);
		if (text != NULL)
			events_publish("bots", "state", b->row.user_id, text,
				       s.len);
	}
}

static void tell_candle(struct bot *b, const struct candle *c)
{
	struct sbuf s;
	struct jw w;

	SCOPE(tmp, b->tick) {
		sbuf_init(&s, tmp, 1024);
		jw_init(&w, &s);
		jw_obj(&w);
		jw_ki64(&w, "t", c->t);
		jw_kf64(&w, "o", c->o);
		jw_kf64(&w, "h", c->h);
		jw_kf64(&w, "l", c->l);
		jw_kf64(&w, "c", c->c);
		jw_kf64(&w, "v", c->v);
		jw_obj_end(&w);
		publish(b, "bar", &s);
		sbuf_init(&s, tmp, 1024);
		jw_init(&w, &s);
		jw_obj(&w);
		jw_ki64(&w, "t", c->t);
		jw_key(&w, "equity");
		jw_quote(&w, b->equity);
		jw_obj_end(&w);
		publish(b, "equity", &s);
	}
}

void tell_bar(struct bot *b, const struct candle *c)
{
	int64_t now = clock_mono_ns();

	if (now - b->told_ns < TELL_EVERY_NS)
		return;
	b->told_ns = now;
	b->told_n = 0;
	refresh_row(b);
	tell_candle(b, c);
	tell_state(b);
}

void bot_log(struct bot *b, enum log_level level, const char *fmt, ...)
{
	int64_t now = clock_mono_ns();
	char text[500];
	struct err err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (now - b->lines_ns > 60000000000LL) {
		b->lines_ns = now;
		b->lines = 0;
	}
	if (++b->lines > LOG_PER_MINUTE)
		return;
	if (b->lines == LOG_PER_MINUTE)
		snprintf(text, sizeof(text), "more lines of this minute are left out");
	/* The log is for people: that it cannot be written stops nothing. */
	if (db_exec(b->db, Q_APP_LOG_ADD,
		    ARGS(V_I64(clock_ms(&clock_real)), V_STR("b"), V_I64(level),
			 V_U64(b->row.user_id), V_U64(b->row.id), V_NULL(),
			 V_STR(text), V_NULL(), V_U64(1)), NULL, NULL, &err) < 0)
		log_warn(NULL, "bot %" PRIu64 ": %s (its log: %s)", b->row.id,
			 text, err.msg);
	SCOPE(tmp, b->tick) {
		struct sbuf s;
		struct jw w;

		sbuf_init(&s, tmp, 4096);
		jw_init(&w, &s);
		jw_obj(&w);
		jw_ki64(&w, "time", clock_ms(&clock_real));
		jw_kstr(&w, "level", log_level_name(level));
		jw_kstr(&w, "message", text);
		jw_obj_end(&w);
		publish(b, "log", &s);
	}
}
