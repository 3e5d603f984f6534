#ifndef BT_STATS_I_H
#define BT_STATS_I_H
/* stats_i.h - the metrics of a run as it goes: what bt_stats() makes of the
 * whole can be made of parts, to the same bits, however they are cut. */
#include "bt/bt.h"

/* The last bar of each UTC day that has bars. */
size_t bt_day_ends(struct arena *out, const struct bars *b, uint32_t **ret);
/* Equities become returns, each on the one before. */
void bt_returns(double *v, size_t n, double initial);

/* path.c: how far equity falls below its greatest.  Squares are summed in
 * lanes: bar i is in lane i mod BT_LANES. */
#define BT_LANES 8
struct bt_path {
	double peak, most, most_ratio;
	double square[BT_LANES];
	size_t n;
};
void bt_path_init(struct bt_path *p, double initial);
void bt_path_add(struct bt_path *p, const double *equity, size_t n);
double bt_path_squares(const struct bt_path *p);

/* Bars that ended in a position. */
void bt_held(const double *position, size_t n, size_t *ret);

struct bt_streak { size_t win, loss, longest_win, longest_loss; };
struct bt_fold {
	struct bt_path path;
	struct bt_stats s;		/* what is only counted */
	struct bt_streak streak;
	double profit, bars, mae, mfe, sum2;
	size_t held;			/* bars that ended in a position */
};
void bt_fold_init(struct bt_fold *f, double initial);
void bt_fold_trades(struct bt_fold *f, const struct emu_trade *v, size_t n);
/* Once all is in; days are the returns of days, and are sorted. */
void bt_fold_end(struct bt_fold *f, const struct bars *b, double equity, double *days,
		 size_t n_days, struct bt_stats *ret);

#endif /* BT_STATS_I_H */
