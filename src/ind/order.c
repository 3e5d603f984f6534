#include "config.h"

#include "ind/order_i.h"

#define DEEP 40		/* 1.44 log2(IND_LENGTH_MAX) is 18 */

/* The way from the root to a node: each entry is where its number stands. */
struct path { uint32_t *at[DEEP]; size_t n; };

double *order_init(struct order *o, double n, double *room)
{
	*o = (struct order){ .v = (struct node *)room };
	return room + order_room(n);
}

static void pull(struct order *o, uint32_t i)
{
	struct node *x = &o->v[i];
	const struct node *l = &o->v[x->left], *r = &o->v[x->right];

	x->height = 1 + (l->height > r->height ? l->height : r->height);
	x->size = l->size + x->count + r->size;
	x->sum = (l->sum + (double)l->size * (l->key - x->key)) +
		 (r->sum + (double)r->size * (r->key - x->key));
	x->times = l->times + x->own + r->times;
	x->most = x->count;
	x->mode = x->key;
	if (l->most >= x->most) {
		x->most = l->most;
		x->mode = l->mode;
	}
	if (r->most > x->most) {
		x->most = r->most;
		x->mode = r->mode;
	}
}

static uint32_t turn_right(struct order *o, uint32_t i)
{
	uint32_t j = o->v[i].left;

	o->v[i].left = o->v[j].right;
	o->v[j].right = i;
	pull(o, i);
	return j;
}

static uint32_t turn_left(struct order *o, uint32_t i)
{
	uint32_t j = o->v[i].right;

	o->v[i].right = o->v[j].left;
	o->v[j].left = i;
	pull(o, i);
	return j;
}

static int lean(const struct order *o, uint32_t i)
{
	return (int)o->v[o->v[i].left].height - (int)o->v[o->v[i].right].height;
}

static void settle(struct order *o, uint32_t *at)
{
	int d = lean(o, *at);
	struct node *x = &o->v[*at];

	if (d > 1) {
		if (lean(o, x->left) < 0)
			x->left = turn_left(o, x->left);
		*at = turn_right(o, *at);
	} else if (d < -1) {
		if (lean(o, x->right) > 0)
			x->right = turn_right(o, x->right);
		*at = turn_left(o, *at);
	}
	pull(o, *at);
}

static void settle_up(struct order *o, struct path *p)
{
	while (p->n > 0)
		settle(o, p->at[--p->n]);
}

/* Steps to the node of x, or to the empty place where it belongs. */
static uint32_t *find(struct order *o, double x, struct path *p)
{
	uint32_t *at = &o->root;

	p->n = 0;
	while (*at != 0) {
		struct node *n = &o->v[*at];

		if (!(x < n->key) && !(n->key < x))
			break;
		assert(p->n < DEEP);
		p->at[p->n++] = at;
		at = x < n->key ? &n->left : &n->right;
	}
	return at;
}

void order_add(struct order *o, double x, uint64_t time)
{
	struct path p;
	uint32_t *at = find(o, x, &p);

	if (*at == 0) {
		uint32_t i = o->unused;

		if (i != 0)
			o->unused = o->v[i].left;
		else
			i = ++o->made;
		o->v[i] = (struct node){ .key = x };
		*at = i;
	}
	o->v[*at].count++;
	o->v[*at].own += time;
	pull(o, *at);
	settle_up(o, &p);
}

/* Takes the node at *at out; a node with two children first becomes the next
 * greater one, which has one at most. */
static void unlink_node(struct order *o, uint32_t *at, struct path *p)
{
	struct node *x = &o->v[*at];
	uint32_t gone;

	if (x->left != 0 && x->right != 0) {
		struct node *next;

		p->at[p->n++] = at;
		for (at = &x->right; o->v[*at].left != 0; at = &o->v[*at].left) {
			assert(p->n < DEEP);
			p->at[p->n++] = at;
		}
		next = &o->v[*at];
		x->key = next->key;
		x->count = next->count;
		x->own = next->own;
		x = next;
	}
	gone = *at;
	*at = x->left != 0 ? x->left : x->right;
	o->v[gone].left = o->unused;
	o->unused = gone;
}

void order_drop(struct order *o, double x, uint64_t time)
{
	struct path p;
	uint32_t *at = find(o, x, &p);
	struct node *n = &o->v[*at];

	assert(*at != 0);
	n->own -= time;
	if (--n->count == 0)
		unlink_node(o, at, &p);
	else
		pull(o, *at);
	settle_up(o, &p);
}

double order_at(const struct order *o, size_t k)
{
	uint32_t i = o->root;

	for (;;) {
		const struct node *n = &o->v[i];
		size_t left = o->v[n->left].size;

		assert(i != 0);
		if (k < left) {
			i = n->left;
		} else if (k < left + n->count) {
			return n->key;
		} else {
			k -= left + n->count;
			i = n->right;
		}
	}
}

struct split order_split(const struct order *o, double x)
{
	struct split s = { 0 };
	uint32_t i = o->root;

	while (i != 0) {
		const struct node *n = &o->v[i], *r = &o->v[n->right];

		if (n->key < x) {
			i = n->right;
			continue;
		}
		s.more += r->size;
		s.above += r->sum + (double)r->size * (r->key - x);
		s.more_times += r->times;
		if (!(x < n->key)) {
			s.equal = n->count;
			s.equal_times = n->own;
			break;
		}
		s.more += n->count;
		s.above += (double)n->count * (n->key - x);
		s.more_times += n->own;
		i = n->left;
	}
	s.less = o->v[o->root].size - s.more - s.equal;
	return s;
}
