/* A bar that is run again: the machine as it was when the bar began.
 *
 * All is copied at once, and only on bars that ask for it.  While such a copy
 * is of use nothing is collected, so an object that was there is still at its
 * place; what is newer goes, but for what varip variables hold. */
#include "config.h"

#include "script/again.h"
#include "script/lib_i.h"

#define AGAIN_BUDGET 16		/* bars' worth of steps for all runs of one */

struct kept_obj { struct obj head; void *data; };

struct snapshot {
	struct arena *mem;
	bool valid, ran;	/* ran: the machine has moved on since */
	size_t bars;		/* whose beginning it is */
	uint64_t steps;		/* of the runs so far */
	uint64_t seed;
	uint32_t *todo;		/* objects whose own are still to be marked */
	size_t n_todo;
	double *r;
	struct vm_hist *hists;
	void **units, **dyns;
	struct kept_obj *objs;
	uint32_t n_objs;
	struct vm_draws draws[DRAW__MAX];
};

static size_t obj_bytes(const struct obj *o)
{
	return o->kind == OBJ_STR ? (size_t)o->n + 1 : (size_t)o->n * sizeof(double);
}

/* What a copy takes; the ceiling of the machine's memory is one for both. */
static size_t copy_size(const struct script_vm *vm)
{
	const struct script_prog *p = vm->p;
	size_t n = p->regs.n * sizeof(double) + vm->n_objs * sizeof(struct kept_obj);

	for (size_t i = 0; i < p->hists.n; i++)
		n += vm->hists[i].cap * sizeof(double);
	for (size_t i = 0; i < p->units.n; i++)
		if (vm->dyns[i] != NULL)
			n += ind_dyn_state_size(vm->dyns[i]);
		else if (vm->units[i] != NULL && !p->units.v[i].column)
			n += ind_state_size(vm->units[i]);
	for (uint32_t i = 0; i < vm->n_objs; i++)
		if (vm->objs[i].kind != OBJ_FREE && !vm->objs[i].fixed)
			n += obj_bytes(&vm->objs[i]);
	return n;
}

static void *copy(struct snapshot *s, const void *from, size_t bytes)
{
	void *to = arena_alloc_raw(s->mem, bytes > 0 ? bytes : 1);

	if (bytes > 0)
		memcpy(to, from, bytes);
	return to;
}

static void copy_units(const struct script_vm *vm, struct snapshot *s)
{
	const struct script_prog *p = vm->p;

	s->units = NEW_N(s->mem, void *, p->units.n + 1);
	s->dyns = NEW_N(s->mem, void *, p->units.n + 1);
	for (size_t i = 0; i < p->units.n; i++) {
		if (vm->dyns[i] != NULL) {
			s->dyns[i] = arena_alloc_raw(s->mem,
						     ind_dyn_state_size(vm->dyns[i]));
			ind_dyn_state_save(vm->dyns[i], s->dyns[i]);
		} else if (vm->units[i] != NULL && !p->units.v[i].column) {
			s->units[i] = arena_alloc_raw(s->mem,
						      ind_state_size(vm->units[i]) + 1);
			ind_state_save(vm->units[i], s->units[i]);
		}
	}
}

static void copy_objects(const struct script_vm *vm, struct snapshot *s)
{
	s->n_objs = vm->n_objs;
	s->objs = NEW_N(s->mem, struct kept_obj, (size_t)vm->n_objs + 1);
	for (uint32_t i = 0; i < vm->n_objs; i++) {
		const struct obj *o = &vm->objs[i];

		s->objs[i].head = *o;
		if (o->kind != OBJ_FREE && !o->fixed)
			s->objs[i].data = copy(s, o->v, obj_bytes(o));
	}
	for (int k = 0; k < DRAW__MAX; k++) {
		s->draws[k] = vm->draws[k];
		s->draws[k].ref = copy(s, vm->draws[k].ref,
				       vm->draws[k].n * sizeof(double));
	}
}

static bool snapshot_of(const struct script_vm *vm, size_t bars)
{
	return vm->snap != NULL && vm->snap->valid && vm->snap->bars == bars;
}

static int take(struct script_vm *vm, struct err *err)
{
	const struct script_prog *p = vm->p;
	struct snapshot *s = vm->snap;

	if (snapshot_of(vm, vm->bars))
		return 0;
	if (s == NULL) {
		s = vm->snap = NEW(vm->out, struct snapshot);
		s->mem = arena_push(vm->out, "bar");
	}
	arena_reset(s->mem);
	if (vm->fresh > vm->gc_at)
		vm_gc(vm);
	if (vm->memory + copy_size(vm) > vm->memory_max)
		return FAIL(err, E_LIMIT, "bar %zu: running it again needs a copy of "
			    "all the script holds, more than %zu MiB together",
			    vm->bars, vm->memory_max >> 20);
	*s = (struct snapshot){ .mem = s->mem, .valid = true, .bars = vm->bars,
				.seed = vm->seed };
	s->r = copy(s, vm->r, p->regs.n * sizeof(double));
	s->hists = copy(s, vm->hists, p->hists.n * sizeof(*s->hists));
	for (size_t i = 0; i < p->hists.n; i++)
		s->hists[i].b = copy(s, vm->hists[i].b,
				     vm->hists[i].cap * sizeof(double));
	copy_units(vm, s);
	copy_objects(vm, s);
	return 0;
}

/* ---- back ----------------------------------------------------------------- */

static void mark(struct script_vm *vm, double v)
{
	struct obj *o;

	if (!is_ref(v) || ref_index(v) >= vm->n_objs)
		return;
	o = &vm->objs[ref_index(v)];
	if (o->mark || o->fixed || o->kind == OBJ_FREE)
		return;
	o->mark = true;
	vm->snap->todo[vm->snap->n_todo++] = ref_index(v);
}

/* What varip variables hold, and what that holds. */
static void mark_kept(struct script_vm *vm, struct arena *tmp)
{
	struct snapshot *s = vm->snap;

	s->todo = NEW_N(tmp, uint32_t, (size_t)vm->n_objs + 1);
	s->n_todo = 0;
	for (size_t i = 0; i < vm->p->varip.n; i++)
		mark(vm, vm->r[vm->p->varip.v[i]]);
	vm_mark_lists(vm, mark);
	while (s->n_todo > 0) {
		const struct obj *o = &vm->objs[s->todo[--s->n_todo]];

		for (uint32_t k = 0; o->kind != OBJ_STR && k < o->n; k++)
			mark(vm, o->v[k]);
	}
}

static void restore_object(struct script_vm *vm, uint32_t i)
{
	const struct kept_obj *k = &vm->snap->objs[i];
	struct obj *o = &vm->objs[i], was = k->head;

	if (was.kind == OBJ_FREE) {
		vm_obj_drop(vm, i);
		return;
	}
	/* It may have moved to a larger block, never to a smaller one. */
	was.v = o->v;
	was.room = o->room;
	was.table = o->table;
	was.table_room = o->table_room;
	was.slots = 0;			/* made anew when it is wanted */
	*o = was;
	memcpy(o->v, k->data, obj_bytes(o));
}

static void restore_objects(struct script_vm *vm)
{
	const struct snapshot *s = vm->snap;

	SCOPE(tmp, vm->out)
		mark_kept(vm, tmp);
	for (uint32_t i = 0; i < vm->n_objs; i++) {
		struct obj *o = &vm->objs[i];

		if (o->fixed)
			continue;
		if (o->mark)
			o->mark = false;
		else if (i < s->n_objs)
			restore_object(vm, i);
		else
			vm_obj_drop(vm, i);
	}
	vm_obj_relink(vm);
	for (int k = 0; k < DRAW__MAX; k++) {
		vm->draws[k].n = s->draws[k].n;
		if (s->draws[k].n > 0)
			memcpy(vm->draws[k].ref, s->draws[k].ref,
			       s->draws[k].n * sizeof(double));
	}
}

static void restore(struct script_vm *vm)
{
	const struct script_prog *p = vm->p;
	const struct snapshot *s = vm->snap;

	restore_objects(vm);
	SCOPE(tmp, vm->out) {
		double *ip = NEW_N(tmp, double, p->varip.n + 1);

		for (size_t i = 0; i < p->varip.n; i++)
			ip[i] = vm->r[p->varip.v[i]];
		memcpy(vm->r, s->r, p->regs.n * sizeof(double));
		for (size_t i = 0; i < p->varip.n; i++)
			vm->r[p->varip.v[i]] = ip[i];
	}
	for (size_t i = 0; i < p->hists.n; i++) {
		double *b = vm->hists[i].b;

		memcpy(b, s->hists[i].b, s->hists[i].cap * sizeof(double));
		vm->hists[i] = s->hists[i];
		vm->hists[i].b = b;
	}
	for (size_t i = 0; i < p->units.n; i++) {
		if (s->dyns[i] != NULL)
			ind_dyn_state_load(vm->dyns[i], s->dyns[i]);
		else if (s->units[i] != NULL)
			ind_state_load(vm->units[i], s->units[i]);
	}
	vm->seed = s->seed;
}

/* ---- running --------------------------------------------------------------- */

int vm_begin(struct script_vm *vm, struct err *err)
{
	struct snapshot *s = vm->snap;

	vm->steps = 0;
	if (!snapshot_of(vm, vm->bars)) {
		/* Between bars all that lives hangs on registers and histories. */
		if (vm->fresh > vm->gc_at)
			vm_gc(vm);
		return 0;
	}
	if (s->steps > AGAIN_BUDGET * vm->steps_max)
		return FAIL(err, E_LIMIT, "bar %zu: the runs after its fills take more "
			    "than %d x %llu steps", vm->bars, AGAIN_BUDGET,
			    (unsigned long long)vm->steps_max);
	if (s->ran)
		restore(vm);
	s->ran = true;
	return 0;
}

double vm_begun_with(const struct script_vm *vm, int reg)
{
	return snapshot_of(vm, vm->bars) ? vm->snap->r[reg] : vm->r[reg];
}

void vm_done(struct script_vm *vm)
{
	if (snapshot_of(vm, vm->bars))
		vm->snap->steps += vm->steps;
}

int script_keep(struct script_vm *vm, struct err *err)
{
	assert(vm->magic == VM_MAGIC && vm->at < vm->end);
	return take(vm, err);
}

int script_early(struct script_vm *vm, const struct strat_account *acct,
		 struct strat_cmds *ret, struct err *err)
{
	int rc = script_keep(vm, err);

	if (rc == 0)
		rc = script_step(vm, acct, ret, err);
	if (rc < 0)
		return rc;
	vm->at--;
	vm->bars--;
	return 0;
}

int script_late(struct script_vm *vm, const struct strat_account *acct,
		struct strat_cmds *ret, struct err *err)
{
	assert(vm->magic == VM_MAGIC && vm->bars > 0);
	if (!snapshot_of(vm, vm->bars - 1))
		return FAIL(err, E_BUG, "bar %zu was not kept", vm->bars);
	vm->at--;
	vm->bars--;
	return script_step(vm, acct, ret, err);
}

bool script_closes_now(const struct script_prog *p)
{
	for (size_t i = 0; i < p->cmds.n; i++)
		if (p->cmds.v[i].reg[CA_IMMEDIATELY] >= 0)
			return true;
	return false;
}
