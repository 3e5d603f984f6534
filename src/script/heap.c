/* Texts and objects: blocks of powers of two, mark and sweep. */
#include "config.h"

#include "script/vm_i.h"

#define OBJS_MAX 1000000u
#define TEXT_MAX 16384u

static unsigned class_of(size_t bytes)
{
	unsigned c = 4;			/* 16 bytes at least */

	while (((size_t)1 << c) < bytes)
		c++;
	return c;
}

/* NULL when the ceiling is reached. */
static void *block_get(struct script_vm *vm, size_t bytes)
{
	unsigned c = class_of(bytes);
	void *p = vm->free_blocks[c];

	vm->fresh += (size_t)1 << c;
	if (p != NULL) {
		memcpy(&vm->free_blocks[c], p, sizeof(void *));
		memset(p, 0, (size_t)1 << c);
		return p;
	}
	if (vm->memory + ((size_t)1 << c) > vm->memory_max) {
		vm_fail(vm, E_LIMIT, vm->call != NULL ? vm->call->line : 0,
			"the script needs more than %zu MiB of memory",
			vm->memory_max >> 20);
		return NULL;
	}
	vm->memory += (size_t)1 << c;
	return arena_alloc(vm->heap, (size_t)1 << c);
}

static void block_put(struct script_vm *vm, void *p, size_t bytes)
{
	unsigned c = class_of(bytes);

	if (p == NULL)
		return;
	memcpy(p, &vm->free_blocks[c], sizeof(void *));
	vm->free_blocks[c] = p;
}

static void mark(struct script_vm *vm, double v)
{
	struct obj *o;

	if (!is_ref(v) || ref_index(v) >= vm->n_objs)
		return;
	o = &vm->objs[ref_index(v)];
	if (o->mark || o->fixed)
		return;
	o->mark = true;
}

static void mark_all(struct script_vm *vm)
{
	bool more = true;

	for (size_t i = 0; i < vm->p->regs.n; i++)
		mark(vm, vm->r[i]);
	for (size_t i = 0; i < vm->p->hists.n; i++)
		for (size_t k = 0; k < vm->hists[i].cap; k++)
			mark(vm, vm->hists[i].b[k]);
	for (int k = 0; k < DRAW__MAX; k++)
		for (size_t i = 0; i < vm->draws[k].n; i++)
			mark(vm, vm->draws[k].ref[i]);
	/* Objects hold objects: pass over them until nothing new is found. */
	while (more) {
		uint32_t before = 0, after = 0;

		for (uint32_t i = 0; i < vm->n_objs; i++)
			before += vm->objs[i].mark;
		for (uint32_t i = 0; i < vm->n_objs; i++) {
			const struct obj *o = &vm->objs[i];

			if (!o->mark || o->kind == OBJ_STR)
				continue;
			for (uint32_t k = 0; k < o->n; k++)
				mark(vm, o->v[k]);
		}
		for (uint32_t i = 0; i < vm->n_objs; i++)
			after += vm->objs[i].mark;
		more = after > before;
	}
}

void vm_gc(struct script_vm *vm)
{
	size_t live = 0;

	mark_all(vm);
	for (uint32_t i = 0; i < vm->n_objs; i++) {
		struct obj *o = &vm->objs[i];

		if (o->kind == OBJ_FREE || o->fixed)
			continue;
		if (o->mark) {
			o->mark = false;
			live += (size_t)1 << class_of(o->room);
			continue;
		}
		block_put(vm, o->v, o->room);
		block_put(vm, o->table, o->table_room);
		*o = (struct obj){ .next_free = vm->free_obj };
		vm->free_obj = i;
	}
	vm->fresh = 0;
	vm->gc_at = ((size_t)256 << 10) + live;
}

void vm_obj_drop(struct script_vm *vm, uint32_t i)
{
	struct obj *o = &vm->objs[i];

	if (o->kind != OBJ_FREE) {
		block_put(vm, o->v, o->room);
		block_put(vm, o->table, o->table_room);
	}
	*o = (struct obj){ .kind = OBJ_FREE };
}

void vm_obj_relink(struct script_vm *vm)
{
	vm->free_obj = UINT32_MAX;
	for (uint32_t i = vm->n_objs; i-- > 0; ) {
		struct obj *o = &vm->objs[i];

		if (o->kind != OBJ_FREE)
			continue;
		o->next_free = vm->free_obj;
		vm->free_obj = i;
	}
}

static bool obj_slot(struct script_vm *vm, uint32_t *ret)
{
	if (vm->free_obj == UINT32_MAX && vm->n_objs == vm->objs_room) {
		uint32_t room = vm->objs_room * 2;
		struct obj *v;

		if (room > OBJS_MAX) {
			vm_fail(vm, E_LIMIT, vm->call != NULL ? vm->call->line : 0,
				"the script holds more than %u objects", OBJS_MAX);
			return false;
		}
		v = NEW_N(vm->out, struct obj, room);
		memcpy(v, vm->objs, vm->n_objs * sizeof(*v));
		vm->objs = v;
		vm->objs_room = room;
	}
	if (vm->free_obj != UINT32_MAX) {
		*ret = vm->free_obj;
		vm->free_obj = vm->objs[*ret].next_free;
	} else {
		*ret = vm->n_objs++;
	}
	return true;
}

static double obj_make(struct script_vm *vm, enum obj_kind k, size_t bytes)
{
	uint32_t i;
	struct obj *o;
	void *mem;

	if (!obj_slot(vm, &i))
		return NAN;
	mem = block_get(vm, bytes);
	if (mem == NULL) {
		vm->objs[i] = (struct obj){ .next_free = vm->free_obj };
		vm->free_obj = i;
		return NAN;
	}
	o = &vm->objs[i];
	*o = (struct obj){ .kind = k, .room = (uint32_t)bytes };
	o->v = mem;
	return ref_box(i);
}

double vm_str_new(struct script_vm *vm, const char *s, size_t n)
{
	double r;
	struct obj *o;

	if (n > TEXT_MAX) {
		vm_fail(vm, E_LIMIT, vm->call != NULL ? vm->call->line : 0,
			"a text of more than %u characters", TEXT_MAX);
		return NAN;
	}
	r = obj_make(vm, OBJ_STR, n + 1);
	if (!is_ref(r))
		return r;
	o = &vm->objs[ref_index(r)];
	o->n = (uint32_t)n;
	memcpy(o->s, s, n);
	o->s[n] = '\0';
	return r;
}

double vm_obj_new(struct script_vm *vm, enum obj_kind k, uint32_t n)
{
	double r = obj_make(vm, k, ((size_t)n + 1) * sizeof(double));

	if (is_ref(r)) {
		struct obj *o = &vm->objs[ref_index(r)];

		o->n = n;
		for (uint32_t i = 0; i < n; i++)
			o->v[i] = NAN;
	}
	return r;
}

bool vm_obj_room(struct script_vm *vm, struct obj *o, uint32_t want)
{
	size_t bytes = ((size_t)want + 1) * sizeof(double);
	double *v;

	if (bytes <= (size_t)1 << class_of(o->room))
		return true;
	if (want > 100000) {
		vm_fail(vm, E_LIMIT, vm->call != NULL ? vm->call->line : 0,
			"an array of more than 100,000 elements");
		return false;
	}
	v = block_get(vm, bytes);
	if (v == NULL)
		return false;
	memcpy(v, o->v, o->n * sizeof(double));
	block_put(vm, o->v, o->room);
	o->v = v;
	o->room = (uint32_t)bytes;
	return true;
}

bool vm_obj_table(struct script_vm *vm, struct obj *o, uint32_t slots)
{
	uint32_t n = 16;
	void *t;

	while (n < slots)
		n *= 2;
	if (n * sizeof(uint32_t) > o->table_room) {
		t = block_get(vm, n * sizeof(uint32_t));
		if (t == NULL)
			return false;
		block_put(vm, o->table, o->table_room);
		o->table = t;
		o->table_room = n * (uint32_t)sizeof(uint32_t);
	}
	memset(o->table, 0, n * sizeof(uint32_t));
	o->slots = n;
	return true;
}

struct obj *vm_obj(const struct script_vm *vm, double ref, enum obj_kind k)
{
	struct obj *o;

	if (!is_ref(ref) || ref_index(ref) >= vm->n_objs)
		return NULL;
	o = &vm->objs[ref_index(ref)];
	return o->kind == k ? o : NULL;
}

struct obj *vm_array(struct script_vm *vm, double ref)
{
	struct obj *o = vm_obj(vm, ref, OBJ_ARRAY), *base, *w;

	if (o != NULL)
		return o;
	o = vm_obj(vm, ref, OBJ_WINDOW);
	base = o != NULL ? vm_obj(vm, o->v[0], OBJ_ARRAY) : NULL;
	if (base == NULL)
		return NULL;
	if (o->v[1] + o->v[2] > base->n) {
		vm_fail(vm, E_INVAL, vm->call != NULL ? vm->call->line : 0, "a slice of an "
			"array that has become shorter than it");
		return NULL;
	}
	w = &vm->windows[vm->next_window++ % ARRAY_LEN(vm->windows)];
	*w = (struct obj){ .kind = OBJ_WINDOW, .n = (uint32_t)o->v[2],
			   .v = base->v + (uint32_t)o->v[1] };
	return w;
}

struct str vm_str(const struct script_vm *vm, double ref)
{
	const struct obj *o = vm_obj(vm, ref, OBJ_STR);

	return o != NULL ? str_n(o->s, o->n) : STR("NaN");
}
