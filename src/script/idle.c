#include "config.h"

#include "script/lib_i.h"

/* Most strategies say something on few of their bars: all they do hangs on
 * conditions that are columns.  Here the code of a bar is followed along the
 * ways that are left when every such condition (a guard) is false.  When no
 * command, no call and no memory lies there, a bar whose guards are false
 * changes nothing, and hosts may pass over it (script_idle).
 *
 * Values of a bar are written before they are read, but for those of `var`
 * (prog->kept): so what is skipped is not missed. */

#define CODE_MAX   4096		/* longer programs are not worth the search */
#define GUARDS_MAX 64

enum state { UNTOUCHED, FALSY, OTHER };	/* FALSY: when its guards are */
struct know { enum state s; uint64_t guards; };

struct search {
	const struct script_vm *vm;
	struct know *reg;
	bool *reach;
	size_t join;		/* before it, this code may not run each bar */
	struct cref guard[GUARDS_MAX];
	size_t n;
	uint64_t used;		/* those that decide */
};

static struct know know(const struct search *s, int reg)
{
	struct know k = s->reg[reg];

	/* A constant or an input, if nothing has written to it. */
	if (k.s == UNTOUCHED)
		k.s = truth(s->vm->r[reg]) || is_ref(s->vm->r[reg]) ? OTHER : FALSY;
	return k;
}

static void write(struct search *s, int reg, struct know v)
{
	struct know *k = &s->reg[reg];

	if (k->s == UNTOUCHED)
		*k = v;
	else if (k->s == FALSY && v.s == FALSY)
		k->guards |= v.guards;
	else
		k->s = OTHER;
}

static struct know both(struct know a, struct know b)
{
	if (a.s != FALSY || b.s != FALSY)
		return (struct know){ .s = OTHER };
	return (struct know){ FALSY, a.guards | b.guards };
}

static struct know pure(const struct search *s, enum pureop o, const struct ins *i)
{
	struct know a = know(s, i->a), b = know(s, i->b);

	if (o == OP_MOVE || o == OP_TRUTH || o == OP_TOBOOL || o == OP_TOBOOL5)
		return a;
	if (o == OP_AND)
		return a.s == FALSY ? a : b;
	if (o == OP_OR)
		return both(a, b);
	if (o == OP_SELECT)
		return both(b, know(s, i->c));
	return (struct know){ .s = OTHER };
}

static struct know loaded(struct search *s, const struct ins *i)
{
	size_t k = 0;

	while (k < s->n && (s->guard[k].col != i->a || s->guard[k].shift != i->b))
		k++;
	if (k == GUARDS_MAX)
		return (struct know){ .s = OTHER };
	if (k == s->n)
		s->guard[s->n++] = (struct cref){ i->a, i->b };
	return (struct know){ FALSY, (uint64_t)1 << k };
}

static int op_of(op_fn *fn)
{
	for (int o = 0; o < OP__MAX; o++)
		if (op_instructions[o] == fn)
			return o;
	return -1;
}

/* Either way; `taken` is the jump's when the condition is known. */
static bool branch(struct search *s, size_t at, const struct ins *i, bool taken)
{
	struct know k = know(s, i->a);
	size_t to = at + (size_t)i->b;

	if (i->b <= 0)
		return false;
	if (k.s == FALSY) {
		s->used |= k.guards;
		s->reach[taken ? to : at + 1] = true;
		return true;
	}
	s->reach[to] = s->reach[at + 1] = true;
	s->join = to > s->join ? to : s->join;
	return true;
}

static bool harmless(struct search *s, size_t at, const struct ins *i)
{
	const struct script_prog *p = s->vm->p;
	int o = op_of(i->fn);
	struct know k;

	if (i->fn == in_cmd) {
		const struct cmd *c = &p->cmds.v[i->a];

		if (c->reg[CA_WHEN] < 0)
			return false;
		k = know(s, c->reg[CA_WHEN]);
		s->used |= k.guards;
		s->reach[at + 1] = true;
		return k.s == FALSY;
	}
	if (i->fn == in_load)
		k = loaded(s, i);
	else if (o >= 0)
		k = pure(s, (enum pureop)o, i);
	else if (i->fn == in_call && p->calls.v[i->a].fn == fn_account)
		k = (struct know){ .s = OTHER };
	else
		return false;
	for (size_t n = 0; n < p->kept.n; n++)
		if (p->kept.v[n] == i->d)
			return false;
	write(s, i->d, k);
	s->reach[at + 1] = true;
	return true;
}

static bool step(struct search *s, size_t at, const struct ins *i)
{
	if (i->fn == in_jump) {
		if (i->b > 0)
			s->reach[at + (size_t)i->b] = true;
		return i->b > 0;
	}
	if (i->fn == in_jump_false)
		return branch(s, at, i, true);
	if (i->fn == in_jump_true)
		return branch(s, at, i, false);
	if (i->fn == in_once) {
		/* Done on the first bar, if that bar came here. */
		s->reach[at + (size_t)i->b] = true;
		if (at < s->join)
			s->reach[at + 1] = true;
		return true;
	}
	return harmless(s, at, i);
}

void vm_find_guards(struct script_vm *vm, struct arena *tmp)
{
	const struct script_prog *p = vm->p;
	struct search s = { .vm = vm };

	if (p->bar.n > CODE_MAX)
		return;
	for (size_t k = 0; k < p->plot_srcs.n; k++)
		if (p->plot_srcs.v[k].col < 0)
			return;		/* shows a value of the bar's own */
	s.reg = NEW_N(tmp, struct know, p->regs.n);
	s.reach = NEW_N(tmp, bool, p->bar.n + 1);
	for (size_t n = 0; n < p->kept.n; n++)
		s.reg[p->kept.v[n]].s = OTHER;
	s.reach[0] = true;
	for (size_t at = 0; at < p->bar.n; at++) {
		if (!s.reach[at] || p->bar.v[at].fn == in_halt)
			continue;
		if (!step(&s, at, &p->bar.v[at]))
			return;
	}
	vm->guards = NEW_N(vm->out, struct cref, GUARDS_MAX);
	for (size_t k = 0; k < s.n; k++)
		if (s.used >> k & 1)
			vm->guards[vm->n_guards++] = s.guard[k];
	vm->busy = NEW_N(vm->out, uint64_t, SCRIPT_BLOCK);
	vm->can_idle = true;
}

/* Which bars of the block have a guard that may be true: any bit but those of
 * 0 will do, na included; a bar more is no error. */
static void mark(struct script_vm *vm)
{
	memset(vm->busy + vm->at, 0, (vm->end - vm->at) * sizeof(vm->busy[0]));
	for (size_t k = 0; k < vm->n_guards; k++) {
		const struct cref *g = &vm->guards[k];
		const double *c = vm->cols[g->col].b - g->shift;

		for (size_t i = vm->at; i < vm->end; i++) {
			uint64_t u;

			memcpy(&u, &c[i], sizeof(u));
			vm->busy[i] |= u;
		}
	}
	vm->marked = true;
}

size_t script_idle(struct script_vm *vm)
{
	size_t i = vm->at;

	assert(vm->magic == VM_MAGIC);
	if (!vm->can_idle || vm->bars == 0 || vm->at == vm->end)
		return 0;
	if (!vm->marked)
		mark(vm);
	while (i < vm->end && vm->busy[i] == 0)
		i++;
	return i - vm->at;
}

void script_skip(struct script_vm *vm, size_t n)
{
	assert(n <= vm->end - vm->at);
	vm->n_cmds = vm->n_notes = 0;
	vm->at += n;
	vm->bars += n;
}
