/* Maps: pairs in the order in which their keys came, key then value.  Beyond a
 * few pairs a table finds them (open addressing, at most half full).  What is
 * removed leaves a gap, so that the order stays and the table too; gaps go when
 * they are half of all. */
#include "config.h"

#include "script/lib_i.h"

#define FN(name) int fn_##name(struct script_vm *vm, double *ret, const double *a, size_t n)
#define PAIRS_MAX 50000u

static struct obj *map(struct script_vm *vm, double ref)
{
	struct obj *o = vm_obj(vm, ref, OBJ_MAP);

	if (o == NULL)
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): the map is na", vm->call->name);
	return o;
}

static bool same_key(const struct script_vm *vm, double a, double b)
{
	if (is_ref(a) && is_ref(b))
		return str_eq(vm_str(vm, a), vm_str(vm, b));
	return (is_na(a) && is_na(b)) || a == b;
}

/* In the place of a key that was removed: no value, no reference. */
static double gap(void)
{
	uint64_t u = (uint64_t)0xfffb << 48;
	double d;

	memcpy(&d, &u, sizeof(d));
	return d;
}

static bool is_gap(double x)
{
	uint64_t u;

	memcpy(&u, &x, sizeof(u));
	return u >> 48 == 0xfffb;
}

static uint32_t live(const struct obj *o) { return o->n / 2 - o->rows; }

static uint64_t hash_of(const struct script_vm *vm, double key)
{
	uint64_t u = 0x7ff8;

	if (is_ref(key)) {
		struct str s = vm_str(vm, key);

		return script_hash_text(s.p, s.n);
	}
	if (!is_na(key)) {
		key += 0.0;		/* -0 is 0 */
		memcpy(&u, &key, sizeof(u));
	}
	u = (u ^ u >> 32) * 0xd6e8feb86659fd93u;
	return u ^ u >> 32;
}

static void enter(struct script_vm *vm, struct obj *o, uint32_t pair)
{
	uint32_t mask = o->slots - 1;
	uint32_t at = (uint32_t)hash_of(vm, o->v[pair]) & mask;

	while (o->table[at] != 0)
		at = (at + 1) & mask;
	o->table[at] = pair / 2 + 1;
}

/* Without gaps, and with a table for `want` pairs.  False: no room. */
static bool rebuild(struct script_vm *vm, struct obj *o, uint32_t want)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < o->n; i += 2) {
		if (is_gap(o->v[i]))
			continue;
		o->v[k] = o->v[i];
		o->v[k + 1] = o->v[i + 1];
		k += 2;
	}
	o->n = k;
	o->rows = 0;
	if (!vm_obj_table(vm, o, want * 2))
		return false;
	for (uint32_t i = 0; i < o->n; i += 2)
		enter(vm, o, i);
	vm->steps += o->n / 8;
	return true;
}

#define FEW 16			/* values: so many are looked at one by one */

/* The place of a key's pair; o->n where there is none. */
static uint32_t find(struct script_vm *vm, struct obj *o, double key)
{
	uint32_t at, mask;

	vm->steps++;
	if (o->n > FEW && o->slots == 0 && !rebuild(vm, o, o->n / 2))
		return o->n;
	if (o->slots == 0) {
		for (uint32_t i = 0; i < o->n; i += 2)
			if (!is_gap(o->v[i]) && same_key(vm, o->v[i], key))
				return i;
		return o->n;
	}
	mask = o->slots - 1;
	for (at = (uint32_t)hash_of(vm, key) & mask; o->table[at] != 0; at = (at + 1) & mask) {
		uint32_t i = (o->table[at] - 1) * 2;

		vm->steps++;
		if (!is_gap(o->v[i]) && same_key(vm, o->v[i], key))
			return i;
	}
	return o->n;
}

static void charge(struct script_vm *vm)
{
	if (vm->steps > vm->steps_max)
		vm_fail(vm, E_LIMIT, vm->call->line, "looking up keys takes more than %llu "
			"steps in one bar", (unsigned long long)vm->steps_max);
}

FN(map_new)
{
	(void)a;
	(void)n;
	*ret = vm_obj_new(vm, OBJ_MAP, 0);
	return 0;
}

FN(map_size)
{
	struct obj *o = map(vm, a[0]);

	(void)n;
	*ret = o != NULL ? live(o) : NAN;
	return 0;
}

FN(map_get)
{
	struct obj *o = map(vm, a[0]);
	uint32_t i;

	(void)n;
	*ret = NAN;
	if (o == NULL)
		return 0;
	i = find(vm, o, a[1]);
	if (i < o->n)
		*ret = o->v[i + 1];
	charge(vm);
	return 0;
}

FN(map_contains)
{
	struct obj *o = map(vm, a[0]);

	(void)n;
	*ret = o != NULL && find(vm, o, a[1]) < o->n;
	charge(vm);
	return 0;
}

/* The value that the key had. */
static double put(struct script_vm *vm, struct obj *o, double key, double value)
{
	uint32_t i = find(vm, o, key);
	double was = NAN;

	if (i < o->n) {
		was = o->v[i + 1];
		o->v[i + 1] = value;
	} else if (live(o) >= PAIRS_MAX) {
		vm_fail(vm, E_LIMIT, vm->call->line, "a map of more than %u keys", PAIRS_MAX);
	} else if ((o->slots == 0 || o->n + 2 <= o->slots || rebuild(vm, o, live(o) + 1)) &&
		   vm_obj_room(vm, o, o->n + 2)) {
		o->v[o->n] = key;
		o->v[o->n + 1] = value;
		o->n += 2;
		if (o->slots > 0)
			enter(vm, o, o->n - 2);
	}
	charge(vm);
	return was;
}

FN(map_put)
{
	struct obj *o = map(vm, a[0]);

	(void)n;
	*ret = o != NULL ? put(vm, o, a[1], a[2]) : NAN;
	return 0;
}

FN(map_put_all)
{
	struct obj *o = map(vm, a[0]), *from = map(vm, a[1]);

	(void)n;
	(void)ret;
	for (uint32_t i = 0; o != NULL && from != NULL && o != from && i < from->n &&
	     !vm->failed; i += 2)
		if (!is_gap(from->v[i]))
			put(vm, o, from->v[i], from->v[i + 1]);
	return 0;
}

FN(map_remove)
{
	struct obj *o = map(vm, a[0]);
	uint32_t i;

	(void)n;
	*ret = NAN;
	if (o == NULL)
		return 0;
	i = find(vm, o, a[1]);
	charge(vm);
	if (i == o->n)
		return 0;
	*ret = o->v[i + 1];
	o->v[i] = gap();
	o->v[i + 1] = NAN;
	o->rows++;
	if (o->rows > 8 && o->rows > o->n / 4)
		rebuild(vm, o, live(o));
	return 0;
}

FN(map_clear)
{
	struct obj *o = map(vm, a[0]);

	(void)n;
	(void)ret;
	if (o != NULL) {
		o->n = o->rows = 0;
		o->slots = 0;
	}
	return 0;
}

FN(map_copy)
{
	struct obj *o = map(vm, a[0]), *to;

	(void)n;
	*ret = NAN;
	if (o == NULL)
		return 0;
	*ret = vm_obj_new(vm, OBJ_MAP, o->n);
	to = vm_obj(vm, *ret, OBJ_MAP);
	o = vm_obj(vm, a[0], OBJ_MAP);		/* the table may have moved */
	if (to == NULL || o == NULL)
		return 0;
	memcpy(to->v, o->v, o->n * sizeof(double));
	to->rows = o->rows;
	return 0;
}

/* code 0: the keys, 1: the values, as an array. */
FN(map_list)
{
	struct obj *o = map(vm, a[0]), *to;
	uint32_t k = 0;

	(void)n;
	*ret = NAN;
	if (o == NULL)
		return 0;
	*ret = vm_obj_new(vm, OBJ_ARRAY, live(o));
	to = vm_obj(vm, *ret, OBJ_ARRAY);
	o = vm_obj(vm, a[0], OBJ_MAP);
	for (uint32_t i = 0; to != NULL && o != NULL && i < o->n; i += 2)
		if (!is_gap(o->v[i]))
			to->v[k++] = o->v[i + (uint32_t)vm->call->data];
	return 0;
}
