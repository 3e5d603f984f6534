#include "config.h"

#include "bt/stats_i.h"

void bt_path_init(struct bt_path *p, double initial)
{
	*p = (struct bt_path){ .peak = initial };
}

static void one(struct bt_path *p, double e)
{
	double down, share;

	p->peak = e > p->peak ? e : p->peak;
	down = p->peak - e;
	share = down / p->peak;
	p->most = down > p->most ? down : p->most;
	p->most_ratio = share > p->most_ratio ? share : p->most_ratio;
	p->square[p->n++ % BT_LANES] += share * share;
}

void bt_path_add(struct bt_path *p, const double *equity, size_t n)
{
	for (size_t i = 0; i < n; i++)
		one(p, equity[i]);
}

double bt_path_squares(const struct bt_path *p)
{
	const double *q = p->square;

	return ((q[0] + q[4]) + (q[2] + q[6])) + ((q[1] + q[5]) + (q[3] + q[7]));
}
