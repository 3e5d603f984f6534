#ifndef IND_ORDER_I_H
#define IND_ORDER_I_H
/* order_i.h - the values of a window in order of size.
 *
 * A balanced tree (AVL) with one node for each different value.  A node knows
 * of its subtree how many values it holds, what they are above its own in sum,
 * the sum of their times and the most frequent of them; all are computed from
 * the node's children again on every path that changes, so nothing drifts.  Adding, dropping and
 * each question take O(log n) steps, n being at most IND_LENGTH_MAX.
 *
 * Times are whole numbers that may wrap round: differences of sums are right
 * as long as they themselves fit 64 bits. */
#include "ind/ind_i.h"

struct node {
	double key, sum, mode;
	uint64_t own, times;		/* this node's, the subtree's */
	uint32_t left, right;		/* 0: none */
	uint32_t count, size;		/* of this value, of the subtree */
	uint32_t most, height;
};
struct order { struct node *v; uint32_t root, unused, made; };

static inline size_t order_room(double n)	/* in doubles */
{
	return ((size_t)n + 1) * (sizeof(struct node) / sizeof(double));
}
double *order_init(struct order *o, double n, double *room);
void order_add(struct order *o, double x, uint64_t time);
/* A value that was added with this time. */
void order_drop(struct order *o, double x, uint64_t time);
double order_at(const struct order *o, size_t k);	/* the k-th least, from 0 */

struct split {
	size_t less, equal, more;	/* values below, equal to and above x */
	double above;			/* sum of (value - x) over `more` */
	uint64_t equal_times, more_times;
};
struct split order_split(const struct order *o, double x);
static inline double order_mode(const struct order *o)	/* least of several */
{
	return o->v[o->root].mode;
}

/* The last n values that are not na, by age and by size. */
struct rank { struct order o; double *b, p, last; size_t n, k, have; uint64_t bar; };
static inline size_t rank_room(double n) { return (size_t)n + order_room(n); }
static inline double *rank_init(struct rank *s, double n, double *room)
{
	*s = (struct rank){ .b = room, .n = (size_t)n, .last = NAN };
	return order_init(&s->o, n, room + s->n);
}
/* True once the window is full. */
static inline bool rank_push(struct rank *s, double x)
{
	if (s->have == s->n)
		order_drop(&s->o, s->b[s->k], s->bar - s->n);
	else
		s->have++;
	order_add(&s->o, x, s->bar++);
	s->b[s->k] = x;
	if (++s->k == s->n)
		s->k = 0;
	return s->have == s->n;
}
/* Of the n values before this one, the share that is not greater. */
static inline double percentrank_step(struct rank *s, double x)
{
	double r = NAN;

	if (isnan(x))
		return NAN;
	if (s->have == s->n)
		r = 100 * (double)(s->n - order_split(&s->o, x).more) / (double)s->n;
	rank_push(s, x);
	return r;
}

#endif /* IND_ORDER_I_H */
