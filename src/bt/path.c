#include "config.h"

#include <math.h>

#include "bt/stats_i.h"
#include "core/wide.h"

_Static_assert(BT_LANES == WIDE, "a lane of squares for each lane of registers");

void bt_path_init(struct bt_path *p, double initial)
{
	*p = (struct bt_path){ .peak = initial };
}

static inline void one(struct bt_path *p, double e)
{
	double down, share;

	p->peak = e > p->peak ? e : p->peak;
	down = p->peak - e;
	share = down / p->peak;
	p->most = down > p->most ? down : p->most;
	p->most_ratio = share > p->most_ratio ? share : p->most_ratio;
	p->square[p->n++ % BT_LANES] += share * share;
}

/* n is a multiple of the lanes, and so is what was before. */
WIDE_BODY void add_body(struct bt_path *to, const double *equity, size_t n)
{
	struct bt_path p = *to;
	wide e, x, top = WIDE_ALL(p.peak), none = WIDE_ALL(-INFINITY);
	wide down, share, square, most = WIDE_ALL(p.most), ratio = WIDE_ALL(p.most_ratio);

	WIDE_LOAD(square, p.square);
	for (size_t i = 0; i < n; i += WIDE) {
		wide peak;

		/* The greatest so far in each lane: of 2, of 4, of 8, of all. */
		WIDE_LOAD(e, equity + i);
		peak = e;
		x = __builtin_shufflevector(peak, none, 8, 0, 1, 2, 3, 4, 5, 6);
		peak = WIDE_PICK(x > peak, x, peak);
		x = __builtin_shufflevector(peak, none, 8, 8, 0, 1, 2, 3, 4, 5);
		peak = WIDE_PICK(x > peak, x, peak);
		x = __builtin_shufflevector(peak, none, 8, 8, 8, 8, 0, 1, 2, 3);
		peak = WIDE_PICK(x > peak, x, peak);
		peak = WIDE_PICK(peak > top, peak, top);
		top = __builtin_shufflevector(peak, peak, 7, 7, 7, 7, 7, 7, 7, 7);
		down = peak - e;
		share = down / peak;
		most = WIDE_PICK(down > most, down, most);
		ratio = WIDE_PICK(share > ratio, share, ratio);
		square += share * share;
	}
	WIDE_STORE(p.square, square);
	p.peak = top[0];
	for (size_t k = 0; k < WIDE; k++) {
		p.most = most[k] > p.most ? most[k] : p.most;
		p.most_ratio = ratio[k] > p.most_ratio ? ratio[k] : p.most_ratio;
	}
	p.n += n;
	*to = p;
}
static void add_lanes(struct bt_path *p, const double *equity, size_t n);
WIDE_FN(add_lanes, add_body, (struct bt_path *p, const double *equity, size_t n),
	(p, equity, n))

void bt_path_add(struct bt_path *p, const double *equity, size_t n)
{
	size_t i = 0, m;

	for (; i < n && p->n % BT_LANES != 0; i++)
		one(p, equity[i]);
	m = (n - i) / BT_LANES * BT_LANES;
	add_lanes(p, equity + i, m);
	for (i += m; i < n; i++)
		one(p, equity[i]);
}

double bt_path_squares(const struct bt_path *p)
{
	const double *q = p->square;

	return ((q[0] + q[4]) + (q[2] + q[6])) + ((q[1] + q[5]) + (q[3] + q[7]));
}

WIDE_BODY void held_body(const double *position, size_t n, size_t *ret)
{
	wide_mask count = { 0 };
	wide p, none = WIDE_ALL(0.0);
	size_t held = 0, i = 0;

	for (; i + WIDE <= n; i += WIDE) {
		WIDE_LOAD(p, position + i);
		count -= (wide_mask)(p != none);	/* a mask is -1 */
	}
	for (size_t k = 0; k < WIDE; k++)
		held += (size_t)count[k];
	for (; i < n; i++)
		held += position[i] != 0;
	*ret = held;
}
WIDE_FN(bt_held, held_body, (const double *position, size_t n, size_t *ret),
	(position, n, ret))
