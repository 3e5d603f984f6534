/* Drawings while a script runs: objects, the newest of each kind kept. */
#include "config.h"

#include <stdio.h>

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

/* A table holds its cells behind its fields: text, its colour, background. */
enum { T_COLUMNS = 1, T_ROWS, T_FIELDS = 9, T_CELL = 3, T_CELLS_MAX = 2000 };

static size_t cells_of(const double *a)
{
	double n = a[T_COLUMNS] * a[T_ROWS];

	return a[T_COLUMNS] >= 1 && a[T_ROWS] >= 1 && n <= T_CELLS_MAX ?
		(size_t)n * T_CELL : 0;
}

static double make(struct script_vm *vm, unsigned kind, const double *a, size_t n)
{
	struct vm_draws *d = &vm->draws[kind];
	size_t more = kind == DRAW_TABLE ? cells_of(a) : 0;
	double r = vm_obj_new(vm, OBJ_DRAW, (uint32_t)(n + more));
	struct obj *o = vm_obj(vm, r, OBJ_DRAW);

	if (o == NULL)
		return NAN;
	memcpy(o->v, a, n * sizeof(double));
	for (size_t i = n; i < n + more; i++)
		o->v[i] = NAN;
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

/* table.cell(id, column, row, what...): data is how many of a cell's values
 * follow, and from which on; as many as are na are none. */
FN(draw_cell)
{
	struct obj *o = drawing(vm, a[0]);
	double at;

	(void)n;
	(void)ret;
	if (o == NULL || o->n <= T_FIELDS || !(a[1] >= 0) || !(a[2] >= 0) ||
	    a[1] >= o->v[T_COLUMNS])
		return 0;
	at = T_FIELDS + (trunc(a[2]) * trunc(o->v[T_COLUMNS]) + trunc(a[1])) * T_CELL;
	if (at + T_CELL > o->n)
		return 0;
	for (int i = 0; i < T_CELL; i++)
		if (vm->call->data == T_CELL || vm->call->data == i)
			o->v[(uint32_t)at + (uint32_t)i] = a[3 + i];
	return 0;
}

/* table.clear(id, first column, row, last column, row). */
FN(draw_clear)
{
	struct obj *o = drawing(vm, a[0]);
	double to_col, to_row;

	(void)n;
	(void)ret;
	if (o == NULL || o->n <= T_FIELDS)
		return 0;
	to_col = isnan(a[3]) ? a[1] : a[3];
	to_row = isnan(a[4]) ? a[2] : a[4];
	for (uint32_t i = T_FIELDS; i < o->n; i++) {
		uint32_t cell = (i - T_FIELDS) / T_CELL, columns = (uint32_t)o->v[T_COLUMNS];

		if (cell % columns >= a[1] && cell % columns <= to_col &&
		    cell / columns >= a[2] && cell / columns <= to_row)
			o->v[i] = NAN;
	}
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

static void put_color(struct jw *w, double v)
{
	uint32_t c = v >= 0 && v <= UINT32_MAX ? (uint32_t)v : 0;
	char text[10];

	snprintf(text, sizeof(text), "#%06x%02x", c & 0xffffffu, c >> 24);
	jw_str(w, text);
}

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
	} else if (type == 'c') {
		jw_key(w, key);
		put_color(w, v);
	} else {
		jw_kf64(w, key, v);
	}
}

static void put_drawing(struct jw *w, const struct script_vm *vm, const struct obj *o,
			struct arena *tmp);

/* Of a polyline: [x, y] of each point, x its bar's number, else its time. */
static void put_points(struct jw *w, const struct script_vm *vm, const struct obj *all)
{
	jw_key(w, "points");
	jw_arr(w);
	for (uint32_t i = 0; i < all->n; i++) {
		const struct obj *p = vm_obj(vm, all->v[i], OBJ_RECORD);

		if (p == NULL || p->n < 3)
			continue;
		jw_arr(w);
		jw_f64(w, isnan(p->v[1]) ? p->v[0] : p->v[1]);
		jw_f64(w, p->v[2]);
		jw_arr_end(w);
	}
	jw_arr_end(w);
}

static void put_cells(struct jw *w, const struct script_vm *vm, const struct obj *o)
{
	uint32_t columns = (uint32_t)o->v[T_COLUMNS];

	jw_key(w, "cells");
	jw_arr(w);
	for (uint32_t i = T_FIELDS; i + T_CELL <= o->n; i += T_CELL) {
		uint32_t cell = (i - T_FIELDS) / T_CELL;

		if (isnan(o->v[i]) && !is_ref(o->v[i]) && isnan(o->v[i + 2]))
			continue;
		jw_obj(w);
		jw_ku64(w, "column", cell % columns);
		jw_ku64(w, "row", cell / columns);
		put_field(w, vm, "text", 's', o->v[i]);
		put_field(w, vm, "text_color", 'c', o->v[i + 1]);
		put_field(w, vm, "bgcolor", 'c', o->v[i + 2]);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

/* A field that is an object: of a fill its two lines, of a polyline its points. */
static void put_object(struct jw *w, const struct script_vm *vm, const char *key, double ref,
		       struct arena *tmp)
{
	const struct obj *line = drawing(vm, ref), *points = vm_obj(vm, ref, OBJ_ARRAY);

	if (points != NULL)
		put_points(w, vm, points);
	if (line == NULL)
		return;
	jw_key(w, key);
	put_drawing(w, vm, line, tmp);
}

static void put_drawing(struct jw *w, const struct script_vm *vm, const struct obj *o,
			struct arena *tmp)
{
	struct str all = str_c(script_drawings[o->rows].fields), f, name;

	jw_obj(w);
	jw_kstr(w, "kind", script_drawings[o->rows].name);
	for (uint32_t x = 0; x < o->n && str_split(&all, ' ', &f); x++) {
		const char *key;

		str_split(&f, ':', &name);
		key = str_dup(tmp, name);
		put_field(w, vm, key, f.p[0], o->v[x]);
		if (o->rows == DRAW_LINEFILL || o->rows == DRAW_POLYLINE)
			put_object(w, vm, key, o->v[x], tmp);
	}
	if (o->rows == DRAW_TABLE && o->n > T_FIELDS)
		put_cells(w, vm, o);
	jw_obj_end(w);
}

void script_drawings_json(struct jw *w, const struct script_vm *vm, struct arena *tmp)
{
	jw_arr(w);
	for (int k = 0; k < DRAW__MAX; k++)
		for (size_t i = 0; i < vm->draws[k].n; i++) {
			const struct obj *o = drawing(vm, vm->draws[k].ref[i]);

			if (o != NULL)
				put_drawing(w, vm, o, tmp);
		}
	jw_arr_end(w);
}
