/* Columns that many machines of one program have in common: a sweep runs the
 * same bars again and again, and most indicators do not depend on the input
 * that changed.  A column is named by what it is computed from: indicator,
 * parameters, and the names of the columns that go in.  What is met a second
 * time is kept, what is kept is read where it is. */
#include "config.h"

#include "core/hash.h"
#include "script/vm_i.h"

#define SLOTS 4096		/* names kept in mind; more are not */

struct shared {
	struct vm_name name;
	size_t n_out, done;	/* bars that are in v */
	const struct script_vm *maker;
	double *v;		/* n_out columns of bars.n */
};
struct script_share {
	struct arena *out;
	struct bars bars;
	size_t left;		/* bytes */
	struct shared slots[SLOTS];
	size_t n;
};

struct script_share *script_share_new(struct arena *out, const struct bars *bars,
				      size_t memory)
{
	struct script_share *s = NEW(out, struct script_share);

	s->out = out;
	s->bars = *bars;
	s->left = memory;
	return s;
}

bool script_share_fits(const struct script_share *s, const struct bars *b)
{
	return s->bars.n == b->n && s->bars.t == b->t && s->bars.c == b->c;
}

/* --- names -------------------------------------------------------------- */

static struct vm_name name_of(const void *data, size_t n)
{
	static const struct hash_key a = { { 0x636f6c31u, 7 } },
				     b = { { 0x636f6c32u, 9 } };

	return (struct vm_name){ { siphash13(a, data, n) | 1, siphash13(b, data, n) } };
}

struct naming {
	uint64_t w[64];
	size_t n;
	bool whole;		/* all parts have names */
};

static void put(struct naming *g, uint64_t x)
{
	if (g->n < ARRAY_LEN(g->w))
		g->w[g->n++] = x;
	else
		g->whole = false;
}

static void put_number(struct naming *g, double x)
{
	uint64_t u;

	memcpy(&u, &x, sizeof(u));
	put(g, u);
}

static void put_column(struct naming *g, const struct vm_name *names, struct cref c)
{
	g->whole = g->whole && names[c.col].k[0] != 0;
	put(g, names[c.col].k[0]);
	put(g, names[c.col].k[1]);
	put(g, (uint64_t)(int64_t)c.shift);
}

static void put_cop(struct naming *g, const struct script_vm *vm,
		    const struct vm_name *names, const struct cop *o)
{
	const struct unit *u;

	put(g, (uint64_t)o->kind);
	switch (o->kind) {
	case COP_OP:
		put(g, (uint64_t)o->op);
		for (size_t k = 0; k < ARRAY_LEN(o->a); k++)
			put_column(g, names, o->a[k]);
		return;
	case COP_BROADCAST:
		put_number(g, vm->r[o->reg]);
		return;
	case COP_SHIFT:
		put_column(g, names, o->a[0]);
		put_number(g, vm->r[o->reg]);
		return;
	case COP_IND:
		u = &vm->p->units.v[o->unit];
		g->whole = g->whole && vm->units[o->unit] != NULL;
		put(g, (uint64_t)(uintptr_t)u->d);
		for (size_t k = 0; k < u->d->n_param; k++)
			put_number(g, vm->r[u->param[k]]);
		for (size_t k = 0; k < u->d->n_in; k++)
			put_column(g, names, u->in[k]);
		return;
	case COP_CALL:
	case COP_SUB:
		g->whole = false;
		return;
	}
}

static void name_bar_columns(const struct script_vm *vm, struct vm_name *names)
{
	const struct script_prog *p = vm->p;

	for (uint64_t k = 0; k < COL__FIXED; k++)
		names[k] = name_of(&k, sizeof(k));
	for (size_t i = 0; i < p->inputs.n; i++) {
		int col = p->input_regs.v[i].col;

		if (col >= 0)
			names[col] = name_of(vm->bind->text[i],
					     strlen(vm->bind->text[i]));
	}
}

/* --- a machine ------------------------------------------------------------- */

static struct shared *find(struct script_share *s, struct vm_name name)
{
	size_t i = name.k[1] % SLOTS;

	while (s->slots[i].name.k[0] != 0 &&
	       (s->slots[i].name.k[0] != name.k[0] ||
		s->slots[i].name.k[1] != name.k[1]))
		i = (i + 1) % SLOTS;
	return &s->slots[i];
}

/* What to do about a column: NULL: only compute it. */
static struct shared *meet(struct script_vm *vm, struct vm_name name, size_t n_out)
{
	struct script_share *s = vm->share;
	struct shared *c = find(s, name);
	size_t bytes = n_out * s->bars.n * sizeof(double);

	if (c->name.k[0] == 0) {
		if (s->n < SLOTS / 2) {
			s->n++;
			c->name = name;
			c->n_out = n_out;
		}
		return NULL;		/* met for the first time */
	}
	if (c->done == s->bars.n)
		return c;
	if (c->v == NULL) {
		if (bytes > s->left)
			return NULL;
		s->left -= bytes;
		c->v = arena_alloc_raw(s->out, bytes);
	}
	c->maker = vm;
	c->done = 0;
	return c;
}

void vm_name_columns(const struct script_vm *vm, struct vm_name *names)
{
	const struct script_prog *p = vm->p;

	name_bar_columns(vm, names);
	for (size_t i = 0; i < p->cops.n; i++) {
		const struct cop *o = &p->cops.v[i];
		size_t n_out = o->kind == COP_IND ? p->units.v[o->unit].d->n_out : 1;
		struct naming g = { .whole = true };

		put_cop(&g, vm, names, o);
		if (!g.whole)
			continue;
		for (size_t k = 0; k < n_out; k++) {
			struct naming one = g;

			put(&one, k);
			put_number(&one, p->cols.v[o->dst + (int)k].fill);
			names[o->dst + (int)k] = name_of(one.w, one.n * sizeof(*one.w));
		}
	}
}

void vm_find_shared(struct script_vm *vm, struct arena *tmp)
{
	const struct script_prog *p = vm->p;
	struct vm_name *names = NEW_N(tmp, struct vm_name, p->cols.n);

	vm->shared = NEW_N(vm->out, struct shared *, p->cops.n);
	vm_name_columns(vm, names);
	for (size_t i = 0; i < p->cops.n; i++) {
		const struct cop *o = &p->cops.v[i];

		if (o->kind == COP_IND && names[o->dst].k[0] != 0)
			vm->shared[i] = meet(vm, names[o->dst],
					     p->units.v[o->unit].d->n_out);
	}
}

bool vm_shared_here(const struct script_vm *vm, const struct bars *b)
{
	const struct bars *s = &vm->share->bars;

	return vm->bars + b->n <= s->n && b->c == s->c + vm->bars &&
		b->t == s->t + vm->bars;
}

bool vm_shared_take(struct script_vm *vm, size_t cop, size_t n)
{
	const struct shared *c = vm->shared[cop];
	const struct script_share *s = vm->share;
	int dst = vm->p->cops.v[cop].dst;

	if (c == NULL || c->done < s->bars.n)
		return false;
	for (size_t k = 0; k < c->n_out; k++) {
		struct vm_col *to = &vm->cols[dst + (int)k];
		double *from = c->v + k * s->bars.n + vm->bars;

		/* Once all that is looked back at is there, the machine reads
		 * the kept column itself. */
		if (vm->bars >= to->pad)
			to->b = from - vm->pos;
		else
			memcpy(to->b + vm->pos, from, n * sizeof(double));
	}
	return true;
}

void vm_shared_keep(struct script_vm *vm, size_t cop, size_t n)
{
	struct shared *c = vm->shared[cop];
	const struct script_share *s = vm->share;
	int dst = vm->p->cops.v[cop].dst;

	if (c == NULL || c->maker != vm || c->done != vm->bars)
		return;
	for (size_t k = 0; k < c->n_out; k++)
		memcpy(c->v + k * s->bars.n + vm->bars,
		       vm->cols[dst + (int)k].b + vm->pos, n * sizeof(double));
	c->done += n;
}
