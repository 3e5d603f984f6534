#ifndef BT_QUICK_I_H
#define BT_QUICK_I_H
/* quick_i.h - a run of a program that only chooses (script/many.h), under
 * rules where nothing but market orders can happen.
 *
 * Nothing is done on a bar without a signal but to value the account, and that
 * only where somebody wants it.  Trades, equity and all that is counted are
 * those of the emulator, to the bit; where this way cannot go on (funds that
 * come near a margin call) it says so, and the run begins again the ordinary
 * way. */
#include "bt/emu_i.h"
#include "script/many.h"

struct quick;
/* The rules and options under which it may be tried at all. */
bool quick_rules(const struct emu_rules *r, const struct strat_properties *p);
/* `vm` chooses already.  Trades are pushed to the list, whose strings live in
 * `out`; with spans, they know their excursions. */
struct quick_want {
	bool spans;
	int64_t trade_from;
	const uint32_t *ends;	/* bars whose equity is kept, rising; or NULL */
	size_t n_ends;
	double *at_ends;	/* n_ends */
	struct script_choice *room;	/* SCRIPT_BLOCK, between calls anybody's */
};
typedef ARRAY(struct emu_trade) quick_trades;
struct quick *quick_new(struct arena *out, struct script_vm *vm,
			const struct emu_rules *r, const struct quick_want *want,
			quick_trades *trades) NONNULL_RET;
/* The block that the machine has been announced.  equity and position: a value
 * a bar, or NULL.  *ret_lost: this way cannot go on. */
MUST_CHECK int quick_block(struct quick *q, const struct bars *b, double *equity,
			   double *position, bool *ret_lost, struct err *err);
/* What is open is listed as closed at the end. */
void quick_finish(struct quick *q);
double quick_equity(const struct quick *q);	/* at the last bar */
size_t quick_held(const struct quick *q);	/* bars that ended in a position */
size_t quick_rejected(const struct quick *q);
size_t quick_waiting(const struct quick *q);

/* stretch.c: bars of one position. */
struct stretch { double pos, cost, pv, fee, base; };	/* as emu_equity_at */
static inline double stretch_at(const struct stretch *s, double price)
{
	return s->base + ((s->pos * price - s->cost) * s->pv - s->fee);
}
void stretch_value(const struct stretch *s, const double *price, size_t n, double *ret);
void stretch_fill(double x, size_t n, double *ret);
/* Greatest of h and least of l, with what was before. */
void stretch_span(const double *h, const double *l, size_t n, double *high, double *low);

#endif /* BT_QUICK_I_H */
