/* Drawings while a script runs: objects, the newest of each kind kept. */
#include "config.h"

#include "script/lib_i.h"

#define FN(name) int fn_##name(struct script_vm *vm, double *ret, const double *a, size_t n)

/* NULL for na and for what is deleted: reading gives na, setting nothing. */
static struct obj *drawing(const struct script_vm *vm, double ref)
{
	struct obj *o = vm_obj(vm, ref, OBJ_DRAW);

	return o != NULL && o->n > 0 ? o : NULL;
}

static void forget(struct script_vm *vm, unsigned kind, size_t i)
{
	struct vm_draws *d = &vm->draws[kind];
	struct obj *o = drawing(vm, d->ref[i]);

	if (o != NULL)
		o->n = 0;
	memmove(d->ref + i, d->ref + i + 1, (d->n - i - 1) * sizeof(double));
	d->n--;
}

static double make(struct script_vm *vm, unsigned kind, const double *a, size_t n)
{
	struct vm_draws *d = &vm->draws[kind];
	double r = vm_obj_new(vm, OBJ_DRAW, (uint32_t)n);
	struct obj *o = vm_obj(vm, r, OBJ_DRAW);

	if (o == NULL)
		return NAN;
	memcpy(o->v, a, n * sizeof(double));
	o->rows = kind;
	if (d->ref == NULL)
		d->ref = NEW_N(vm->out, double, (size_t)d->max + 1);
	d->ref[d->n++] = r;
	if (d->n > (size_t)d->max)
		forget(vm, kind, 0);
	return r;
}

FN(draw_new)
{
	*ret = make(vm, (unsigned)vm->call->data, a, n);
	return 0;
}

FN(draw_copy)
{
	struct obj *o = drawing(vm, a[0]);
	double v[32];

	(void)n;
	*ret = NAN;
	if (o == NULL || o->n > ARRAY_LEN(v))
		return 0;
	memcpy(v, o->v, o->n * sizeof(double));
	*ret = make(vm, o->rows, v, o->n);
	return 0;
}

FN(draw_delete)
{
	struct obj *o = drawing(vm, a[0]);
	struct vm_draws *d = o != NULL ? &vm->draws[o->rows] : NULL;

	(void)n;
	(void)ret;
	for (size_t i = 0; d != NULL && i < d->n; i++)
		if (ref_index(d->ref[i]) == ref_index(a[0])) {
			forget(vm, o->rows, i);
			break;
		}
	return 0;
}

FN(draw_set)
{
	struct obj *o = drawing(vm, a[0]);

	(void)n;
	(void)ret;
	if (o != NULL && a[1] < o->n)
		o->v[(uint32_t)a[1]] = a[2];
	return 0;
}

FN(draw_get)
{
	const struct obj *o = drawing(vm, a[0]);

	(void)n;
	*ret = o != NULL && a[1] < o->n ? o->v[(uint32_t)a[1]] : NAN;
	return 0;
}

/* line.get_price(id, x): on the line through its two points. */
FN(draw_price)
{
	const struct obj *o = drawing(vm, a[0]);

	(void)n;
	*ret = NAN;
	if (o != NULL && o->n > 3)
		*ret = o->v[1] + (a[1] - o->v[0]) * (o->v[3] - o->v[1]) /
		       (o->v[2] - o->v[0]);
	return 0;
}

FN(draw_all)
{
	const struct vm_draws *d = &vm->draws[vm->call->data];
	struct obj *o;

	(void)a;
	(void)n;
	*ret = vm_obj_new(vm, OBJ_ARRAY, (uint32_t)d->n);
	o = vm_obj(vm, *ret, OBJ_ARRAY);
	if (o != NULL && d->n > 0)
		memcpy(o->v, d->ref, d->n * sizeof(double));
	return 0;
}

/* --- Shown to hosts --------------------------------------------------------- */

static void put_field(struct jw *w, const struct script_vm *vm, const char *key, char type,
		      double v)
{
	if (vm_obj(vm, v, OBJ_STR) != NULL) {
		jw_key(w, key);
		jw_strn(w, vm_str(vm, v).p, vm_str(vm, v).n);
	} else if (is_ref(v) || isnan(v)) {
		return;
	} else if (type == 'b') {
		jw_kbool(w, key, truth(v));
	} else {
		jw_kf64(w, key, v);
	}
}

void script_drawings_json(struct jw *w, const struct script_vm *vm, struct arena *tmp)
{
	jw_arr(w);
	for (int k = 0; k < DRAW__MAX; k++)
		for (size_t i = 0; i < vm->draws[k].n; i++) {
			const struct obj *o = drawing(vm, vm->draws[k].ref[i]);
			struct str all = str_c(script_drawings[k].fields), f, name;

			if (o == NULL)
				continue;
			jw_obj(w);
			jw_kstr(w, "kind", script_drawings[k].name);
			for (uint32_t x = 0; x < o->n && str_split(&all, ' ', &f); x++) {
				str_split(&f, ':', &name);
				put_field(w, vm, str_dup(tmp, name), f.p[0], o->v[x]);
			}
			jw_obj_end(w);
		}
	jw_arr_end(w);
}
