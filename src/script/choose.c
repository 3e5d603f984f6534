/* Programs that only choose (many.h).  Their code is not followed: a list is
 * what the machine says where a set of columns is true for the first time.
 * Crossings are not even computed as columns, only their bits. */
#include "config.h"

#include "script/bits_i.h"
#include "script/lib_i.h"
#include "script/many.h"

#define PICKS_MAX 6		/* 2 to this many lists */
#define WORDS	  (SCRIPT_BLOCK / 64)

struct pick {
	int col;
	int cop;		/* of a crossing whose column nobody else reads */
	enum bits_cross kind;
	size_t pair;		/* of a crossing */
};
/* Two columns that cross, compared once for all that ask. */
struct pair { struct cref a, b; struct bits_last last; uint64_t w[3][WORDS]; };
struct vm_choice {
	struct pick pick[PICKS_MAX];
	struct pair pair[PICKS_MAX];
	size_t n, pairs;
	uint64_t w[PICKS_MAX][WORDS];
	bool *skip;		/* of each cop */
	bool known[SCRIPT_LISTS];
	struct strat_cmds list[SCRIPT_LISTS];
};

/* --- does it? ------------------------------------------------------------- */

static bool plain(const struct cmd *c)
{
	static const bool may[CA__MAX] = {
		[CA_ID] = true, [CA_DIR] = true, [CA_COMMENT] = true,
		[CA_ALERT] = true, [CA_DISABLE_ALERT] = true, [CA_WHEN] = true,
	};

	if (c->kind != STRAT_ENTRY && c->kind != STRAT_CLOSE &&
	    c->kind != STRAT_CLOSE_ALL)
		return false;
	for (int k = 0; k < CA__MAX; k++)
		if (c->reg[k] >= 0 && !may[k] &&
		    !(k == CA_QTY && c->kind == STRAT_ENTRY))
			return false;
	return true;
}

static bool pure(op_fn *fn)
{
	for (int o = 0; o < OP__MAX; o++)
		if (op_instructions[o] == fn)
			return true;
	return false;
}

static bool says_truths(const struct cop *o, const struct unit *units)
{
	const struct ind_def *d;

	if (o->kind == COP_IND) {
		d = units[o->unit].d;
		return strncmp(d->name, "cross", 5) == 0;
	}
	if (o->kind != COP_OP)
		return false;
	return (o->op >= OP_LT && o->op <= OP_OR) || o->op == OP_NOT ||
		o->op == OP_TRUTH || o->op == OP_TOBOOL || o->op == OP_NA;
}

/* Is the column one of 0 and 1 only, and made by which cop? */
static bool truths(const struct script_prog *p, int col, int *ret)
{
	for (size_t i = 0; i < p->cops.n; i++)
		if (p->cops.v[i].dst == col && says_truths(&p->cops.v[i], p->units.v)) {
			*ret = (int)i;
			return true;
		}
	return false;
}

static bool add_pick(struct vm_choice *c, const struct script_prog *p, const struct ins *i)
{
	int cop;

	for (size_t k = 0; k < c->n; k++)
		if (c->pick[k].col == i->a)
			return i->b == 0;
	if (i->b != 0 || c->n == PICKS_MAX || !truths(p, i->a, &cop))
		return false;
	c->pick[c->n++] = (struct pick){ .col = i->a, .cop = cop };
	return true;
}

static bool writes_kept(const struct script_prog *p, const struct ins *i)
{
	for (size_t n = 0; n < p->kept.n; n++)
		if (p->kept.v[n] == i->d)
			return true;
	return false;
}

static bool only_chooses(struct vm_choice *c, const struct script_prog *p)
{
	for (size_t i = 0; i < p->cmds.n; i++)
		if (!plain(&p->cmds.v[i]))
			return false;
	for (size_t at = 0; at < p->bar.n; at++) {
		const struct ins *i = &p->bar.v[at];

		if (i->fn == in_halt || i->fn == in_cmd)
			continue;
		if (i->fn == in_jump || i->fn == in_jump_false || i->fn == in_jump_true) {
			if (i->b <= 0)
				return false;
			continue;
		}
		if (i->fn == in_load ? !add_pick(c, p, i) : !pure(i->fn))
			return false;
		if (writes_kept(p, i))
			return false;
	}
	return true;
}

/* --- crossings ---------------------------------------------------------------- */

static bool read_by_cops(const struct script_prog *p, int col)
{
	for (size_t i = 0; i < p->cops.n; i++) {
		const struct cop *o = &p->cops.v[i];
		const struct unit *u = o->kind == COP_IND ? &p->units.v[o->unit] : NULL;

		for (size_t k = 0; k < ARRAY_LEN(o->a); k++)
			if (o->a[k].col == col)
				return true;
		for (size_t k = 0; u != NULL && k < u->d->n_in; k++)
			if (u->in[k].col == col)
				return true;
	}
	return false;
}

/* A crossing that only the bar's code asks for. */
static bool bits_will_do(const struct script_vm *vm, const struct pick *k)
{
	const struct script_prog *p = vm->p;

	/* Calls and sub-programs may read any column. */
	return p->cops.v[k->cop].kind == COP_IND && p->subs.n == 0 &&
		p->calls.n == 0 && vm->units[p->cops.v[k->cop].unit] != NULL &&
		!read_by_cops(p, k->col);
}

static size_t pair_of(struct vm_choice *c, struct cref a, struct cref b)
{
	size_t k = 0;

	while (k < c->pairs && (c->pair[k].a.col != a.col || c->pair[k].a.shift != a.shift ||
				c->pair[k].b.col != b.col || c->pair[k].b.shift != b.shift))
		k++;
	if (k == c->pairs) {
		c->pair[k] = (struct pair){ .a = a, .b = b };
		c->pairs++;
	}
	return k;
}

static void find_crossings(struct script_vm *vm, struct vm_choice *c)
{
	const struct script_prog *p = vm->p;

	c->skip = NEW_N(vm->out, bool, p->cops.n);
	for (size_t k = 0; k < c->n; k++) {
		struct pick *q = &c->pick[k];
		const struct unit *u;

		if (!bits_will_do(vm, q)) {
			q->cop = -1;
			continue;
		}
		u = &p->units.v[p->cops.v[q->cop].unit];
		q->kind = strcmp(u->d->name, "crossover") == 0 ? BITS_OVER :
			strcmp(u->d->name, "crossunder") == 0 ? BITS_UNDER : BITS_EITHER;
		q->pair = pair_of(c, u->in[0], u->in[1]);
		c->skip[q->cop] = true;
	}
}

bool script_choose(struct script_vm *vm)
{
	struct vm_choice *c;

	assert(vm->magic == VM_MAGIC && vm->bars == 0);
	if (!vm->can_idle)		/* it may speak where nothing is true */
		return false;
	c = NEW(vm->out, struct vm_choice);
	if (!only_chooses(c, vm->p))
		return false;
	find_crossings(vm, c);
	vm->choice = c;
	return true;
}

bool vm_choice_skips(const struct script_vm *vm, size_t cop)
{
	return vm->choice->skip[cop];
}

/* --- a block --------------------------------------------------------------------- */

static const double *column(const struct script_vm *vm, struct cref c, size_t at)
{
	return vm->cols[c.col].b + (ptrdiff_t)at - c.shift;
}

/* n bars at vm->pos, whose columns are there. */
void vm_choice_mark(struct script_vm *vm, size_t n)
{
	struct vm_choice *c = vm->choice;

	for (size_t k = 0; k < c->pairs; k++) {
		struct pair *p = &c->pair[k];

		bits_crossings(column(vm, p->a, vm->pos), column(vm, p->b, vm->pos), n,
			       &p->last, p->w[BITS_OVER], p->w[BITS_UNDER]);
		for (size_t i = 0; i < (n + 63) / 64; i++)
			p->w[BITS_EITHER][i] = p->w[BITS_OVER][i] | p->w[BITS_UNDER][i];
	}
	for (size_t k = 0; k < c->n; k++)
		if (c->pick[k].cop < 0)
			bits_true(vm->cols[c->pick[k].col].b + vm->pos, n, c->w[k]);
}

static const uint64_t *words(const struct vm_choice *c, size_t k)
{
	const struct pick *q = &c->pick[k];

	return q->cop < 0 ? c->w[k] : c->pair[q->pair].w[q->kind];
}

size_t script_choices(struct script_vm *vm, struct script_choice *ret)
{
	const struct vm_choice *c = vm->choice;
	const uint64_t *w[PICKS_MAX];
	size_t n = 0;

	assert(c != NULL && vm->pos == vm->end);
	for (size_t k = 0; k < c->n; k++)
		w[k] = words(c, k);
	for (size_t i = 0; i < (vm->end - vm->at + 63) / 64; i++) {
		uint64_t any = 0;

		for (size_t k = 0; k < c->n; k++)
			any |= w[k][i];
		for (; any != 0; any &= any - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(any);
			uint32_t list = 0;

			for (size_t k = 0; k < c->n; k++)
				list |= (uint32_t)(w[k][i] >> bit & 1) << k;
			ret[n++] = (struct script_choice){ (uint32_t)(i * 64 + bit), list };
		}
	}
	return n;
}

int script_say(struct script_vm *vm, const struct script_choice *q,
	       struct strat_cmds *ret, struct err *err)
{
	struct vm_choice *c = vm->choice;
	struct strat_cmd *v;
	int rc;

	if (c->known[q->list]) {
		*ret = c->list[q->list];
		return 0;
	}
	for (size_t k = 0; k < c->n; k++)
		if (c->pick[k].cop >= 0)
			vm->cols[c->pick[k].col].b[vm->at + q->at] = q->list >> k & 1;
	vm->err = err;
	vm->n_cmds = vm->n_notes = 0;
	vm->steps = 0;
	vm->at += q->at;
	vm->bars += q->at;
	rc = vm_run(vm, &vm->p->bar);
	vm->at -= q->at;
	vm->bars -= q->at;
	if (rc < 0)
		return rc;
	v = NEW_N(vm->out, struct strat_cmd, vm->n_cmds);
	for (size_t i = 0; i < vm->n_cmds; i++)
		v[i] = vm->cmds[i];
	*ret = c->list[q->list] = (struct strat_cmds){ v, vm->n_cmds };
	c->known[q->list] = true;
	return 0;
}

void script_pass(struct script_vm *vm)
{
	script_skip(vm, vm->end - vm->at);
}
