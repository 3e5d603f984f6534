#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/out.h"
#include "bt/record.h"
#include "core/clock.h"
#include "core/map.h"

#define DAY_MS INT64_C(86400000)

size_t bt_record_months(struct arena *out, const struct bt_record *r,
			struct bt_month **ret)
{
	ARRAY(struct bt_month) list = { 0 };
	double began = r->initial_capital;
	struct bt_month m = { 0 };

	for (size_t i = 0; i < r->n; i++) {
		int year, month, day;

		time_to_civil(r->t[i] / DAY_MS, &year, &month, &day);
		if (list.n == 0 || year != m.year || month != m.month) {
			if (i > 0)
				began = r->equity[i - 1];
			m = (struct bt_month){ .year = year, .month = month };
			(void)array_push(out, &list);
		}
		m.profit = r->equity[i] - began;
		m.ratio = began > 0 || began < 0 ? m.profit / began : NAN;
		list.v[list.n - 1] = m;
	}
	*ret = list.v;
	return list.n;
}

const char *bt_grouping_name(enum bt_grouping g)
{
	switch (g) {
	case BT_GROUP_PAIR: return "pair";
	case BT_GROUP_ENTRY: return "entry";
	case BT_GROUP_EXIT: return "exit";
	case BT_GROUP_REASON: return "reason";
	case BT_GROUP_TAG: return "tag";
	case BT_GROUP__MAX: break;
	}
	return "?";
}

static const char *group_of(const struct bt_trade *t, enum bt_grouping by)
{
	const char *s = NULL;

	switch (by) {
#define X(id, member) case BT_GROUP_##id: s = t->member; break;
	BT_GROUPS(X)
#undef X
	case BT_GROUP__MAX: break;
	}
	return s != NULL ? s : "";
}

size_t bt_record_groups(struct arena *out, const struct bt_record *r,
			enum bt_grouping by, struct bt_sum **ret)
{
	struct bt_sum *v = NULL;
	size_t n = 0;

	SCOPE(tmp, out) {
		ARRAY(struct bt_sum *) list = { 0 };
		struct map *seen = map_new(tmp);

		for (size_t i = 0; i < r->n_trades; i++) {
			const struct bt_trade *t = &r->trades[i];
			const char *name = group_of(t, by);
			struct bt_sum *g = map_get(seen, str_c(name));

			if (g == NULL) {
				g = NEW(tmp, struct bt_sum);
				g->name = name;
				map_put(seen, str_c(name), g);
				*array_push(tmp, &list) = g;
			}
			g->trades++;
			g->wins += t->profit > 0;
			g->profit += t->profit;
			g->fees += t->fees;
			g->bars += (double)t->bars;
		}
		n = list.n;
		v = NEW_N(out, struct bt_sum, n + 1);
		for (size_t i = 0; i < n; i++)
			v[i] = *list.v[i];
	}
	*ret = v;
	return n;
}

static void group_json(struct jw *w, const struct bt_sum *g)
{
	jw_obj(w);
	jw_kstr(w, "name", g->name);
	jw_kf64(w, "trades", g->trades);
	jw_kf64(w, "wins", g->wins);
	out_money_json(w, "profit", g->profit);
	out_money_json(w, "fees", g->fees);
	jw_kf64(w, "bars", g->bars / g->trades);
	jw_obj_end(w);
}

/* Names beyond these are one line "...": a list is for people. */
#define GROUPS_SHOWN 500

static void groups_json(struct arena *tmp, struct jw *w,
			const struct bt_record *r, enum bt_grouping by)
{
	struct bt_sum rest = { .name = "..." }, *v;
	size_t n = bt_record_groups(tmp, r, by, &v);

	jw_key(w, bt_grouping_name(by));
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		if (i < GROUPS_SHOWN) {
			group_json(w, &v[i]);
			continue;
		}
		rest.trades += v[i].trades;
		rest.wins += v[i].wins;
		rest.profit += v[i].profit;
		rest.fees += v[i].fees;
		rest.bars += v[i].bars;
	}
	if (rest.trades > 0)
		group_json(w, &rest);
	jw_arr_end(w);
}

void bt_breakdown_json(struct jw *w, const struct bt_record *r)
{
	struct arena *tmp CLEANUP(arena_free) =
		arena_new("breakdown", (size_t)1 << 30);
	struct bt_month *m;
	size_t n = bt_record_months(tmp, r, &m);

	jw_obj(w);
	jw_key(w, "months");
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		jw_obj(w);
		jw_ki64(w, "year", m[i].year);
		jw_ki64(w, "month", m[i].month);
		out_money_json(w, "profit", m[i].profit);
		jw_kf64(w, "ratio", m[i].ratio);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_key(w, "groups");
	jw_obj(w);
	for (int by = 0; by < BT_GROUP__MAX; by++)
		groups_json(tmp, w, r, (enum bt_grouping)by);
	jw_obj_end(w);
	jw_obj_end(w);
}
