/* Maps: pairs in the order in which their keys came, key then value.  Looking
 * a key up reads them from the newest on and is charged as steps. */
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

/* The place of a key's pair; o->n where there is none. */
static uint32_t find(struct script_vm *vm, const struct obj *o, double key)
{
	for (uint32_t i = o->n; i > 0; i -= 2) {
		vm->steps += (i & 6) == 0;
		if (same_key(vm, o->v[i - 2], key))
			return i - 2;
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
	*ret = o != NULL ? o->n / 2 : NAN;
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
	} else if (o->n / 2 >= PAIRS_MAX) {
		vm_fail(vm, E_LIMIT, vm->call->line, "a map of more than %u keys", PAIRS_MAX);
	} else if (vm_obj_room(vm, o, o->n + 2)) {
		o->v[o->n] = key;
		o->v[o->n + 1] = value;
		o->n += 2;
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
	memmove(o->v + i, o->v + i + 2, (o->n - i - 2) * sizeof(double));
	o->n -= 2;
	return 0;
}

FN(map_clear)
{
	struct obj *o = map(vm, a[0]);

	(void)n;
	(void)ret;
	if (o != NULL)
		o->n = 0;
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
	if (to != NULL && o != NULL)
		memcpy(to->v, o->v, o->n * sizeof(double));
	return 0;
}

/* code 0: the keys, 1: the values, as an array. */
FN(map_list)
{
	struct obj *o = map(vm, a[0]), *to;

	(void)n;
	*ret = NAN;
	if (o == NULL)
		return 0;
	*ret = vm_obj_new(vm, OBJ_ARRAY, o->n / 2);
	to = vm_obj(vm, *ret, OBJ_ARRAY);
	o = vm_obj(vm, a[0], OBJ_MAP);
	for (uint32_t i = 0; to != NULL && o != NULL && i < to->n; i++)
		to->v[i] = o->v[2 * i + (uint32_t)vm->call->data];
	return 0;
}
