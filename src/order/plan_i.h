#ifndef ORDER_PLAN_I_H
#define ORDER_PLAN_I_H
/* plan_i.h - what the two halves of the planner share. */
#include <math.h>

#include "core/array.h"
#include "order/plan.h"

/* One order in the picture: an open one, or one that this bar adds. */
struct item {
	struct intent *live;	/* NULL: new */
	struct intent it;	/* a copy of the open one, or the new one */
	bool gone;		/* cancelled, or never to be placed */
	int parent;		/* index of a new parent; -1: none or open */
};

struct plan {
	struct arena *a;
	const struct plan_in *in;
	ARRAY(struct item) items;
	ARRAY(const char *) notes;
	int allow_dir;
	struct err *err;
};

static inline bool given(double v)
{
	return !isnan(v);
}

static inline const char *text(const char *s)
{
	return s != NULL ? s : "";
}

static inline int side_dir(enum xchg_side s)
{
	return s == SIDE_BUY ? 1 : -1;
}

static inline enum xchg_side dir_side(int dir)
{
	return dir > 0 ? SIDE_BUY : SIDE_SELL;
}

static inline int pos_dir(const struct plan *p)
{
	return qty_sign(p->in->acct->base);
}

static inline struct qty qty_min(struct qty a, struct qty b)
{
	return qty_cmp(a, b) < 0 ? a : b;
}

static inline struct qty less(struct qty a, struct qty b)
{
	struct qty q;

	if (!qty_sub(&q, a, b) || qty_sign(q) < 0)
		return qty_zero();
	return q;
}

static inline bool is_exit(const struct intent *it)
{
	return it->kind == KIND_EXIT || it->kind == KIND_CLOSE;
}

/* A new market order of this bar; pointers to items are good until the next. */
struct item *plan_add(struct plan *p, enum order_kind kind,
		      const struct strat_cmd *c, enum xchg_side side);
int plan_range(struct plan *p, const struct strat_cmd *c);
void plan_text(char *to, size_t size, const char *from);
/* strategy.exit */
int plan_exit(struct plan *p, const struct strat_cmd *c);
/* Is an exit bound to this pending entry (index), or, with -1, to the open
 * position?  An exit whose parent has filled belongs to the position. */
bool plan_bound(const struct plan *p, const struct item *t, int parent);

#endif /* ORDER_PLAN_I_H */
