/* Machines that go through the same bars side by side (many.h). */
#include "config.h"

#include "script/lib_i.h"
#include "script/many.h"

struct owned { struct vm_name name; struct vm_col *col; };
struct script_group {
	struct arena *out;
	const struct script_prog *p;
	struct owned *slots;		/* a power of two, half of them free */
	size_t n, room;
};

struct script_group *script_group_new(struct arena *out)
{
	struct script_group *g = NEW(out, struct script_group);

	g->out = out;
	g->room = 64;
	g->slots = NEW_N(out, struct owned, g->room);
	return g;
}

static struct owned *find(const struct script_group *g, struct vm_name name)
{
	size_t i = name.k[1] & (g->room - 1);

	while (g->slots[i].col != NULL && (g->slots[i].name.k[0] != name.k[0] ||
					   g->slots[i].name.k[1] != name.k[1]))
		i = (i + 1) & (g->room - 1);
	return &g->slots[i];
}

static void grow(struct script_group *g)
{
	struct script_group was = *g;

	g->room *= 2;
	g->slots = NEW_N(g->out, struct owned, g->room);
	for (size_t i = 0; i < was.room; i++)
		if (was.slots[i].col != NULL)
			*find(g, was.slots[i].name) = was.slots[i];
}

/* The column of a machine before it, or it is the first to have it. */
static struct vm_col *meet(struct script_group *g, struct vm_name name,
			   struct vm_col *mine)
{
	struct owned *o = find(g, name);

	if (o->col != NULL)
		return o->col->pad >= mine->pad ? o->col : NULL;
	*o = (struct owned){ name, mine };
	if (++g->n * 2 > g->room)
		grow(g);
	return NULL;
}

/* All outputs of an indicator, or none. */
static void meet_all(struct script_group *g, struct script_vm *vm,
		     const struct vm_name *names, int first, size_t n)
{
	struct vm_col *c[IND_OUTPUTS_MAX];
	bool all = true;

	for (size_t k = 0; k < n; k++) {
		c[k] = meet(g, names[first + (int)k], &vm->cols[first + (int)k]);
		all = all && c[k] != NULL;
	}
	for (size_t k = 0; k < n && all; k++) {
		vm->cols[first + (int)k].b = c[k]->b;
		vm->theirs[first + (int)k] = true;
	}
}

static bool bare(const struct script_vm *vm)
{
	const struct script_prog *p = vm->p;

	for (int k = 0; k < COL__FIXED; k++)
		if (vm->reads[k] && !vm->theirs[k])
			return false;
	for (size_t i = 0; i < p->inputs.n; i++)
		if (p->input_regs.v[i].col >= 0 && !vm->theirs[p->input_regs.v[i].col])
			return false;
	for (size_t i = 0; i < p->cops.n; i++)
		if (p->cops.v[i].kind != COP_BROADCAST && !vm->theirs[p->cops.v[i].dst] &&
		    (vm->choice == NULL || !vm_choice_skips(vm, i)))
			return false;
	return true;
}

bool script_group_add(struct script_group *g, struct script_vm *vm)
{
	const struct script_prog *p = vm->p;

	assert(vm->bars == 0 && vm->share == NULL);
	if ((g->p != NULL && g->p != p) || p->subs.n > 0)
		return false;
	for (size_t i = 0; i < p->cops.n; i++)
		if (p->cops.v[i].kind == COP_CALL)
			return false;
	g->p = p;
	vm->theirs = NEW_N(vm->out, bool, p->cols.n);
	SCOPE(tmp, vm->out) {
		struct vm_name *names = NEW_N(tmp, struct vm_name, p->cols.n);

		vm_name_columns(vm, names);
		for (int k = 0; k < COL__FIXED; k++)
			if (vm->reads[k])
				meet_all(g, vm, names, k, 1);
		for (size_t i = 0; i < p->inputs.n; i++)
			if (p->input_regs.v[i].col >= 0)
				meet_all(g, vm, names, p->input_regs.v[i].col, 1);
		for (size_t i = 0; i < p->cops.n; i++) {
			const struct cop *o = &p->cops.v[i];

			if (o->kind == COP_BROADCAST || names[o->dst].k[0] == 0 ||
			    (vm->choice != NULL && vm_choice_skips(vm, i)))
				continue;
			meet_all(g, vm, names, o->dst, o->kind == COP_IND ?
				 p->units.v[o->unit].d->n_out : 1);
		}
	}
	vm->bare = bare(vm);
	return true;
}
