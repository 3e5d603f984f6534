#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "api/run_api_i.h"
#include "conf/conf.h"
#include "script/store.h"

/* What backtests and sweeps have in common. */

/* ---- what comes in ---------------------------------------------------------- */

const char *const run_states[] = {
#define X(id, name, letter) name,
	BT_STATES(X)
#undef X
	NULL
};
static const char *const state_letters[] = {
#define X(id, name, letter) (const char[]){ letter, '\0' },
	BT_STATES(X)
#undef X
};

static const struct param patch_params[] = {
	PARAM(struct run_patch_in, name, P_STR, "shown in lists", .min = 1,
	      .max = BT_NAME_MAX),
	PARAM(struct run_patch_in, notes, P_TEXT, "for oneself", .max = BT_NOTES_MAX),
	PARAM(struct run_patch_in, tags, P_ARR, "to find it by", .item = P_STR,
	      .max = BT_TAGS_MAX, HAS(struct run_patch_in, has_tags)),
};
const struct params run_patch_body = PARAMS(struct run_patch_in, patch_params);

struct list_query {
	int state;
	bool has_state;
	uint64_t strategy_id, market_id;
	struct str tag;
	struct page page;
};
static const struct param list_params[] = {
	PARAM(struct list_query, state, P_ENUM, "in this state", .names = run_states,
	      HAS(struct list_query, has_state)),
	PARAM(struct list_query, strategy_id, P_ID, "of this strategy"),
	PARAM(struct list_query, market_id, P_ID, "on this market"),
	PARAM(struct list_query, tag, P_STR, "with this tag", .max = BT_TAG_MAX),
	PAGE_PARAMS(struct list_query, page),
};
const struct params run_list_query = PARAMS(struct list_query, list_params);

int run_patch(struct api_req *r, const char **name, const char **notes,
	      const char **tags, struct err *err)
{
	const struct run_patch_in *in = r->body;

	if (in->name.p != NULL)
		*name = str_dup(r->arena, in->name);
	if (in->notes.p != NULL)
		*notes = str_dup(r->arena, in->notes);
	return in->has_tags ? api_tags(r, &in->tags, tags, err) : 0;
}

void run_filter(struct api_req *r, struct bt_filter *ret)
{
	const struct list_query *in = r->query;
	struct sbuf tag;

	*ret = (struct bt_filter){
		.user = r->who.id, .strategy = in->strategy_id,
		.market = in->market_id, .limit = (size_t)in->page.limit + 1,
		.before = in->page.cursor.set ? (uint64_t)in->page.cursor.a : 0,
		.state = in->has_state ? state_letters[in->state] : "",
		.tag = "",
	};
	if (in->tag.n == 0)
		return;
	sbuf_init(&tag, r->arena, 4096);
	sbuf_add_json_strn(&tag, in->tag.p, in->tag.n);
	ret->tag = sbuf_finish(&tag);
}

int run_source(struct api_req *r, uint64_t strategy_id, struct str source,
	       struct run_source *ret, struct err *err)
{
	struct strategy s;
	int rc;

	if ((strategy_id != 0) == (source.p != NULL))
		return api_bad(r, err, "strategy_id", "give either this or source");
	*ret = (struct run_source){ .source = source };
	if (strategy_id == 0)
		return strategy_bundle(r->arena, r->d->db, r->who.id, source,
				       &ret->source, err);
	rc = strategy_get(r->arena, r->d->db, r->who.id, strategy_id, &s, err);
	if (rc == -E_NOTFOUND)
		return api_bad(r, err, "strategy_id", "there is no such strategy");
	if (rc < 0)
		return rc;
	*ret = (struct run_source){ s.id, s.name, s.source };
	return strategy_bundle(r->arena, r->d->db, r->who.id, s.source,
			       &ret->source, err);
}

/* The stored series that candles of `tf` are made from. */
static const struct series *series_for(const struct market_info *m, enum tf tf)
{
	const struct series *best = NULL;

	for (size_t i = 0; i < m->n_series; i++) {
		if (m->series[i].tf == tf)
			return &m->series[i];
		if (tf_divides(m->series[i].tf, tf))
			best = &m->series[i];	/* finest first */
	}
	return best;
}

static int too_many(struct api_req *r, const char *what, int64_t n, struct err *err)
{
	return api_fail(r, err, E_UNPROCESSABLE, "The range holds %" PRId64
			" candles%s, at most %" PRId64 " can be tested: choose a "
			"shorter one or a coarser timeframe.", n, what,
			r->d->conf->backtest_max_candles);
}

int api_range(struct api_req *r, const struct market_info *m, enum tf tf,
	      const int64_t *from, const int64_t *to, int64_t *ret_from,
	      int64_t *ret_to, struct err *err)
{
	const struct series *s = series_for(m, tf);
	int64_t n, most = r->d->conf->backtest_max_candles, lo, hi;

	if (s == NULL)
		return api_fail(r, err, E_UNPROCESSABLE, "There are no candles of "
				"this market from which bars of %s can be made.",
				tf_name(tf));
	lo = tf_open(tf, s->from);
	hi = tf_next(s->tf, s->to);
	if (from != NULL && *from > lo)
		lo = *from;
	if (to != NULL && *to < hi)
		hi = *to;
	n = lo < hi ? tf_count(tf, lo, hi) : 0;
	if (n == 0)
		return api_fail(r, err, E_UNPROCESSABLE, "There are no candles of "
				"this market in that range.");
	if (n > most)
		return too_many(r, "", n, err);
	*ret_from = lo;
	*ret_to = hi;
	return 0;
}

int api_detail(struct api_req *r, enum tf detail, int64_t from, int64_t to,
	       struct err *err)
{
	int64_t n = detail != (enum tf)0 ? tf_count(detail, from, to) : 0;

	return n > r->d->conf->backtest_max_candles ?
		too_many(r, " of detail", n, err) : 0;
}

/* ---- what goes out --------------------------------------------------------- */

static const struct field strategy_fields[] = {
	FIELD_NULL("id", &sc_id, "null: a script that was not stored"),
	FIELD("name", &sc_str, "as it was called then"),
};
const struct schema sc_strategy_ref = OBJECT("StrategyRef",
						    strategy_fields,
						    "A strategy");
const char *api_json_text(struct api_req *r, const struct json *j)
{
	struct sbuf b;
	struct jw w;

	if (j == NULL)
		return "{}";
	sbuf_init(&b, r->arena, 1 << 20);
	jw_init(&w, &b);
	jw_json(&w, j);
	return sbuf_finish(&b);
}

int api_tags(struct api_req *r, const struct list_in *in, const char **ret,
	     struct err *err)
{
	const struct str *v = in->v;
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, r->arena, 1 << 16);
	jw_init(&w, &b);
	jw_arr(&w);
	for (size_t i = 0; i < in->n; i++) {
		if (v[i].n == 0 || v[i].n > (size_t)4 * BT_TAG_MAX)
			return api_bad(r, err, "tags", "a tag has from 1 to 40 "
				       "characters");
		jw_strn(&w, v[i].p, v[i].n);
	}
	jw_arr_end(&w);
	*ret = sbuf_finish(&b);
	return 0;
}

void json_or_null(struct jw *w, const char *key, const char *json)
{
	jw_key(w, key);
	if (json != NULL)
		jw_raw(w, json, strlen(json));
	else
		jw_null(w);
}

void time_or_null(struct jw *w, const char *key, bool has, int64_t t)
{
	jw_key(w, key);
	if (has)
		jw_i64(w, t);
	else
		jw_null(w);
}

void run_refs_json(struct jw *w, const struct run_refs *b)
{
	jw_key(w, "strategy");
	jw_obj(w);
	jw_key(w, "id");
	if (b->strategy_id != 0)
		jw_u64(w, b->strategy_id);
	else
		jw_null(w);
	jw_kstr(w, "name", b->strategy);
	jw_obj_end(w);
	jw_key(w, "market");
	jw_obj(w);
	jw_ku64(w, "id", b->market_id);
	jw_kstr(w, "exchange", b->exchange);
	jw_kstr(w, "symbol", b->symbol);
	jw_obj_end(w);
}
