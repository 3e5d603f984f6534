/* Arrays and records. */
#include "config.h"

#include <stdlib.h>

#include "script/lib_i.h"

#define FN(name) int fn_##name(struct script_vm *vm, double *ret, const double *a, size_t n)

static struct obj *arr(struct script_vm *vm, double ref)
{
	struct obj *o = vm_array(vm, ref);

	if (o == NULL)
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): the array is na", vm->call->name);
	return o;
}

/* -1 is the last, as the language has it since version 6. */
static bool slot(struct script_vm *vm, const struct obj *o, double i, uint32_t *ret)
{
	double at = i < 0 ? i + o->n : i;

	if (!(at >= 0 && at < o->n)) {
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): index %g of an array of %u",
			vm->call->name, i, o->n);
		return false;
	}
	*ret = (uint32_t)at;
	return true;
}

static bool same(const struct script_vm *vm, double a, double b)
{
	if (vm_obj(vm, a, OBJ_STR) != NULL && vm_obj(vm, b, OBJ_STR) != NULL)
		return str_eq(vm_str(vm, a), vm_str(vm, b));
	return memcmp(&a, &b, sizeof(a)) == 0 || a == b;
}

static bool grow(struct script_vm *vm, struct obj *o)
{
	if (!vm_obj_room(vm, o, o->n + 1))
		return false;
	o->n++;
	return true;
}

FN(array_new)
{
	struct obj *o;
	double r;

	if (!(a[0] >= 0 && a[0] <= 100000)) {
		vm_fail(vm, E_INVAL, vm->call->line, "an array of %g elements; there may be "
			"0 to 100,000", a[0]);
		return 0;
	}
	r = vm_obj_new(vm, OBJ_ARRAY, (uint32_t)a[0]);
	o = vm_obj(vm, r, OBJ_ARRAY);
	for (uint32_t i = 0; o != NULL && n > 1 && i < o->n; i++)
		o->v[i] = a[1];
	*ret = r;
	return 0;
}

FN(array_from)
{
	double r = vm_obj_new(vm, OBJ_ARRAY, (uint32_t)n);
	struct obj *o = vm_obj(vm, r, OBJ_ARRAY);

	if (o != NULL)
		memcpy(o->v, a, n * sizeof(double));
	*ret = r;
	return 0;
}

FN(array_size)
{
	struct obj *o = arr(vm, a[0]);

	(void)n;
	*ret = o != NULL ? o->n : NAN;
	return 0;
}

FN(array_get)
{
	struct obj *o = arr(vm, a[0]);
	uint32_t i;

	(void)n;
	if (o != NULL && slot(vm, o, a[1], &i))
		*ret = o->v[i];
	return 0;
}

FN(array_set)
{
	struct obj *o = arr(vm, a[0]);
	uint32_t i;

	(void)n;
	(void)ret;
	if (o != NULL && slot(vm, o, a[1], &i))
		o->v[i] = a[2];
	return 0;
}

static int put(struct script_vm *vm, double ref, double at, double v)
{
	struct obj *w = vm_obj(vm, ref, OBJ_WINDOW), *o = arr(vm, ref);
	uint32_t i;

	if (o == NULL)
		return 0;
	if (!(at >= 0 && at <= o->n)) {
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): index %g of an array of %u",
			vm->call->name, at, o->n);
		return 0;
	}
	if (w != NULL) {
		w->v[2]++;
		return put(vm, w->v[0], w->v[1] + trunc(at), v);
	}
	i = (uint32_t)at;
	if (!grow(vm, o))
		return 0;
	vm->steps += (o->n - i) / 64;
	memmove(o->v + i + 1, o->v + i, (o->n - 1 - i) * sizeof(double));
	o->v[i] = v;
	return 0;
}
FN(array_unshift) { (void)n; (void)ret; return put(vm, a[0], 0, a[1]); }
FN(array_insert) { (void)n; (void)ret; return put(vm, a[0], a[1], a[2]); }

FN(array_push)
{
	struct obj *o = arr(vm, a[0]);

	(void)n;
	(void)ret;
	return o != NULL ? put(vm, a[0], o->n, a[1]) : 0;
}

static int take(struct script_vm *vm, double *ret, double ref, double at)
{
	struct obj *w = vm_obj(vm, ref, OBJ_WINDOW), *o = arr(vm, ref);
	uint32_t i;

	if (o == NULL || !slot(vm, o, at, &i))
		return 0;
	if (w != NULL) {
		w->v[2]--;
		return take(vm, ret, w->v[0], w->v[1] + i);
	}
	*ret = o->v[i];
	vm->steps += (o->n - i) / 64;
	memmove(o->v + i, o->v + i + 1, (o->n - i - 1) * sizeof(double));
	o->n--;
	return 0;
}
FN(array_pop) { (void)n; return take(vm, ret, a[0], -1); }
FN(array_shift) { (void)n; return take(vm, ret, a[0], 0); }
FN(array_remove) { (void)n; return take(vm, ret, a[0], a[1]); }

FN(array_clear)
{
	struct obj *w = vm_obj(vm, a[0], OBJ_WINDOW), *o = arr(vm, a[0]);
	uint32_t from, end;

	(void)n;
	(void)ret;
	if (o == NULL)
		return 0;
	if (w == NULL) {
		o->n = 0;
		return 0;
	}
	from = (uint32_t)w->v[1];
	end = from + (uint32_t)w->v[2];
	w->v[2] = 0;
	o = arr(vm, w->v[0]);
	memmove(o->v + from, o->v + end, (o->n - end) * sizeof(double));
	o->n -= end - from;
	return 0;
}

static double copy_part(struct script_vm *vm, double ref, uint32_t from, uint32_t to)
{
	double r = vm_obj_new(vm, OBJ_ARRAY, to - from);
	struct obj *d = vm_obj(vm, r, OBJ_ARRAY), *o = vm_array(vm, ref);

	vm->steps += (to - from) / 16;
	if (d != NULL && o != NULL)
		memcpy(d->v, o->v + from, (to - from) * sizeof(double));
	return r;
}

FN(array_copy)
{
	struct obj *o = arr(vm, a[0]);

	(void)n;
	if (o != NULL)
		*ret = copy_part(vm, a[0], 0, o->n);
	return 0;
}

/* A window: what is written to it is written to the array, and what comes and
 * goes in it does so in the array. */
FN(array_slice)
{
	struct obj *o = arr(vm, a[0]), *w;
	double base = a[0], from = trunc(a[1]);

	(void)n;
	if (o == NULL)
		return 0;
	if (!(a[1] >= 0 && a[2] >= a[1] && a[2] <= o->n)) {
		vm_fail(vm, E_INVAL, vm->call->line, "array.slice(): %g to %g of an array "
			"of %u", a[1], a[2], o->n);
		return 0;
	}
	w = vm_obj(vm, a[0], OBJ_WINDOW);
	if (w != NULL) {		/* of a window: of its array */
		base = w->v[0];
		from += w->v[1];
	}
	*ret = vm_obj_new(vm, OBJ_WINDOW, 3);
	w = vm_obj(vm, *ret, OBJ_WINDOW);
	if (w == NULL)
		return 0;
	w->v[0] = base;
	w->v[1] = from;
	w->v[2] = trunc(a[2]) - trunc(a[1]);
	return 0;
}

FN(array_concat)
{
	struct obj *o = arr(vm, a[0]), *p = arr(vm, a[1]);
	double copy;

	(void)n;
	*ret = a[0];
	if (o == NULL || p == NULL)
		return 0;
	if (vm_obj(vm, a[0], OBJ_WINDOW) != NULL) {
		copy = copy_part(vm, a[1], 0, p->n);
		for (uint32_t i = 0; !vm->failed && is_ref(copy) &&
		     i < vm_array(vm, copy)->n; i++)
			put(vm, a[0], arr(vm, a[0])->n, vm_array(vm, copy)->v[i]);
		return 0;
	}
	if (!vm_obj_room(vm, o, o->n + p->n))
		return 0;
	p = arr(vm, a[1]);		/* o may have moved with its window */
	memmove(o->v + o->n, p->v, p->n * sizeof(double));
	o->n += p->n;
	return 0;
}

FN(array_indexof)
{
	struct obj *o = arr(vm, a[0]);

	vm->steps += o != NULL ? o->n / 8 : 0;
	(void)n;
	*ret = -1;
	for (uint32_t i = 0; o != NULL && i < o->n; i++)
		if (same(vm, o->v[i], a[1])) {
			*ret = i;
			if (vm->call->data == 0)
				break;
		}
	return 0;
}

FN(array_includes)
{
	struct obj *o = arr(vm, a[0]);

	vm->steps += o != NULL ? o->n / 8 : 0;
	(void)n;
	*ret = 0;
	for (uint32_t i = 0; o != NULL && i < o->n && *ret == 0; i++)
		*ret = same(vm, o->v[i], a[1]);
	return 0;
}

FN(array_fill)
{
	struct obj *o = arr(vm, a[0]);

	vm->steps += o != NULL ? o->n / 8 : 0;
	(void)n;
	(void)ret;
	for (uint32_t i = 0; o != NULL && i < o->n; i++)
		if (i >= a[2] && !(i >= a[3]))
			o->v[i] = a[1];
	return 0;
}

FN(array_reverse)
{
	struct obj *o = arr(vm, a[0]);

	vm->steps += o != NULL ? o->n / 8 : 0;
	(void)n;
	(void)ret;
	for (uint32_t i = 0; o != NULL && i < o->n / 2; i++) {
		double t = o->v[i];

		o->v[i] = o->v[o->n - 1 - i];
		o->v[o->n - 1 - i] = t;
	}
	return 0;
}

/* na last, texts by bytes. */
static int by_number(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return a < b ? -1 : a > b;
}

static void sort_texts(struct script_vm *vm, struct obj *o)
{
	for (uint32_t i = 1; i < o->n; i++) {	/* short lists */
		double v = o->v[i];
		uint32_t k = i;

		while (k > 0 && str_cmp(vm_str(vm, v), vm_str(vm, o->v[k - 1])) < 0) {
			o->v[k] = o->v[k - 1];
			k--;
		}
		o->v[k] = v;
		vm->steps += i - k;
	}
}

FN(array_sort)
{
	struct obj *o = arr(vm, a[0]);

	if (o == NULL)
		return 0;
	vm->steps += o->n;
	if (o->n > 0 && vm_obj(vm, o->v[0], OBJ_STR) != NULL)
		sort_texts(vm, o);
	else
		qsort(o->v, o->n, sizeof(double), by_number);
	if (!is_na(a[1]) && str_starts(vm_str(vm, a[1]), "desc"))
		return fn_array_reverse(vm, ret, a, n);
	return 0;
}

/* Indexes in the order of the values; equal ones keep theirs. */
FN(array_sort_indices)
{
	struct obj *o = arr(vm, a[0]), *x;
	bool down = !is_na(a[1]) && str_starts(vm_str(vm, a[1]), "desc");
	uint32_t k;

	(void)n;
	if (o == NULL)
		return 0;
	*ret = vm_obj_new(vm, OBJ_ARRAY, o->n);
	x = vm_obj(vm, *ret, OBJ_ARRAY);
	o = vm_array(vm, a[0]);
	for (uint32_t i = 0; x != NULL && i < o->n; i++) {
		for (k = i; k > 0; k--) {
			double was = o->v[(uint32_t)x->v[k - 1]];
			int c = by_number(&o->v[i], &was);

			if (down ? c <= 0 : c >= 0)
				break;
			x->v[k] = x->v[k - 1];
		}
		x->v[k] = i;
		vm->steps += i - k;
	}
	return 0;
}

/* abs and standardize: a new array of as many numbers. */
FN(array_map)
{
	struct obj *o = arr(vm, a[0]), *x;
	double m = 0, q = 0;

	(void)n;
	if (o == NULL)
		return 0;
	*ret = copy_part(vm, a[0], 0, o->n);
	x = vm_obj(vm, *ret, OBJ_ARRAY);
	vm->steps += o->n;
	for (uint32_t i = 0; x != NULL && i < x->n; i++)
		m += x->v[i] / x->n;
	for (uint32_t i = 0; x != NULL && i < x->n; i++)
		q += (x->v[i] - m) * (x->v[i] - m) / x->n;
	for (uint32_t i = 0; x != NULL && i < x->n; i++)
		x->v[i] = vm->call->data == 0 ? fabs(x->v[i]) :
			  q > 0 ? (x->v[i] - m) / sqrt(q) : 1;
	return 0;
}

FN(array_covariance)
{
	struct obj *x = arr(vm, a[0]), *y = arr(vm, a[1]);
	double mx = 0, my = 0, q = 0, k = 0;

	(void)n;
	if (x == NULL || y == NULL || x->n != y->n)
		return 0;
	vm->steps += x->n;
	for (uint32_t i = 0; i < x->n; i++)
		if (!isnan(x->v[i]) && !isnan(y->v[i])) {
			mx += x->v[i];
			my += y->v[i];
			k++;
		}
	for (uint32_t i = 0; i < x->n; i++)
		if (!isnan(x->v[i]) && !isnan(y->v[i]))
			q += (x->v[i] - mx / k) * (y->v[i] - my / k);
	*ret = q / (truth(a[2]) ? k : k - 1);
	return 0;
}

/* Which share of the others is no greater. */
FN(array_percentrank)
{
	struct obj *o = arr(vm, a[0]);
	double k = 0;
	uint32_t at;

	(void)n;
	if (o == NULL || !slot(vm, o, a[1], &at))
		return 0;
	vm->steps += o->n;
	for (uint32_t i = 0; i < o->n; i++)
		k += i != at && o->v[i] <= o->v[at];
	*ret = o->n > 1 ? 100 * k / (o->n - 1) : NAN;
	return 0;
}

/* code 0: some, 1: every. */
FN(array_all)
{
	struct obj *o = arr(vm, a[0]);

	(void)n;
	*ret = vm->call->data;
	for (uint32_t i = 0; o != NULL && i < o->n; i++)
		if (truth(o->v[i]) != (vm->call->data == 1))
			*ret = !vm->call->data;
	return 0;
}

/* The values that are not na, sorted, in a new array nobody else holds. */
static struct obj *sorted(struct script_vm *vm, double ref)
{
	struct obj *o = arr(vm, ref), *s;
	double r;
	uint32_t k = 0;

	if (o == NULL)
		return NULL;
	vm->steps += o->n;
	r = copy_part(vm, ref, 0, o->n);
	s = vm_obj(vm, r, OBJ_ARRAY);
	for (uint32_t i = 0; s != NULL && i < s->n; i++)
		if (!isnan(s->v[i]))
			s->v[k++] = s->v[i];
	if (s == NULL)
		return NULL;
	s->n = k;
	qsort(s->v, k, sizeof(double), by_number);
	return s;
}

static double moment(const struct obj *s, int what, double biased)
{
	double sum = 0, q = 0, m;

	for (uint32_t i = 0; i < s->n; i++)
		sum += s->v[i];
	m = sum / s->n;
	if (what == AS_SUM)
		return sum;
	if (what == AS_AVG)
		return m;
	for (uint32_t i = 0; i < s->n; i++)
		q += (s->v[i] - m) * (s->v[i] - m);
	q /= truth(biased) ? s->n : s->n - 1;
	return what == AS_STDEV ? sqrt(q) : q;
}

static double mode_of(const struct obj *s)
{
	double best = NAN;
	uint32_t run = 0, most = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		run = i > 0 && s->v[i] == s->v[i - 1] ? run + 1 : 1;
		if (run > most) {
			most = run;
			best = s->v[i];
		}
	}
	return best;
}

FN(array_stat)
{
	struct obj *s = sorted(vm, a[0]);
	double k = n > 1 && a[1] > 0 ? a[1] : 0;

	if (s == NULL || s->n == 0)
		return 0;
	switch (vm->call->data) {
	case AS_MIN: *ret = k < s->n ? s->v[(uint32_t)k] : NAN; break;
	case AS_MAX: *ret = k < s->n ? s->v[s->n - 1 - (uint32_t)k] : NAN; break;
	case AS_MEDIAN: *ret = (s->v[(s->n - 1) / 2] + s->v[s->n / 2]) / 2; break;
	case AS_RANGE: *ret = s->v[s->n - 1] - s->v[0]; break;
	case AS_MODE: *ret = mode_of(s); break;
	default: *ret = moment(s, vm->call->data, n > 1 ? a[1] : 1); break;
	}
	return 0;
}

FN(array_percentile)
{
	struct obj *s = sorted(vm, a[0]);
	double r, f;

	(void)n;
	if (s == NULL || s->n == 0 || !(a[1] >= 0 && a[1] <= 100))
		return 0;
	if (vm->call->data == 1) {
		r = ceil(a[1] / 100 * s->n) - 1;
		*ret = s->v[r < 0 ? 0 : (uint32_t)r];
		return 0;
	}
	r = a[1] / 100 * s->n - 0.5;
	r = r < 0 ? 0 : r > s->n - 1 ? s->n - 1 : r;
	f = r - floor(r);
	*ret = s->v[(uint32_t)r];
	if (f > 0)
		*ret += f * (s->v[(uint32_t)r + 1] - *ret);
	return 0;
}

FN(array_first)
{
	double at[2] = { a[0], 0 };

	(void)n;
	return fn_array_get(vm, ret, at, 2);
}

FN(array_last)
{
	double at[2] = { a[0], -1 };

	(void)n;
	return fn_array_get(vm, ret, at, 2);
}

FN(array_binary)
{
	struct obj *o = arr(vm, a[0]);
	uint32_t lo = 0, hi = o != NULL ? o->n : 0;

	(void)n;
	*ret = -1;
	if (vm->call->data != 0 && o != NULL) {
		/* the first or last of equal ones; else the neighbour */
		while (lo < hi) {
			uint32_t mid = (lo + hi) / 2;

			if (vm->call->data == 1 ? o->v[mid] < a[1] : o->v[mid] <= a[1])
				lo = mid + 1;
			else
				hi = mid;
		}
		if (vm->call->data == 1)
			*ret = lo < o->n && o->v[lo] == a[1] ? lo : (double)lo - 1;
		else
			*ret = lo > 0 && o->v[lo - 1] == a[1] ? lo - 1 : lo;
		return 0;
	}
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (o->v[mid] == a[1]) {
			*ret = mid;
			break;
		}
		if (o->v[mid] < a[1])
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

FN(array_join)
{
	struct obj *o = arr(vm, a[0]);
	double text = vm_str_new(vm, "", 0), sep = is_na(a[1]) ? vm_str_new(vm, "", 0) : a[1];

	(void)n;
	for (uint32_t i = 0; o != NULL && i < o->n && !vm->failed; i++) {
		double part[3] = { o->v[i], NAN, 0 }, two[2] = { text, sep };

		if (i > 0)
			fn_text_join(vm, &text, two, 2);
		if (!is_ref(part[0])) {
			double s = NAN;

			fn_to_text(vm, &s, part, 3);
			part[0] = s;
		}
		two[0] = text;
		two[1] = part[0];
		fn_text_join(vm, &text, two, 2);
	}
	*ret = text;
	return 0;
}

/* "[1, 2]"; a[1] is the kind of the elements, as to_text has it. */
FN(array_text)
{
	struct obj *o = arr(vm, a[0]);
	char buf[16384];
	size_t w = 1;

	(void)n;
	buf[0] = '[';
	for (uint32_t i = 0; o != NULL && i < o->n && !vm->failed; i++) {
		double part[3] = { o->v[i], NAN, a[1] }, text = o->v[i];
		struct str s;

		if (a[1] != 3)
			fn_to_text(vm, &text, part, 3);
		o = vm_array(vm, a[0]);	/* the table may have moved */
		s = vm_str(vm, text);
		if (w + s.n + 4 > sizeof(buf))
			break;
		memcpy(buf + w, ", ", i > 0 ? 2 : 0);
		w += i > 0 ? 2 : 0;
		memcpy(buf + w, s.p, s.n);
		w += s.n;
	}
	buf[w++] = ']';
	*ret = vm_str_new(vm, buf, w);
	return 0;
}

/* --- Records ------------------------------------------------------------- */

static struct obj *record(struct script_vm *vm, double ref)
{
	struct obj *o = vm_obj(vm, ref, OBJ_RECORD);

	if (o == NULL)
		vm_fail(vm, E_INVAL, vm->call->line, "a field of an object that is na");
	return o;
}

FN(record_new)
{
	double r = vm_obj_new(vm, OBJ_RECORD, (uint32_t)n);
	struct obj *o = vm_obj(vm, r, OBJ_RECORD);

	if (o != NULL)
		memcpy(o->v, a, n * sizeof(double));
	*ret = r;
	return 0;
}

FN(record_copy)
{
	struct obj *o = record(vm, a[0]);
	double r;

	(void)n;
	if (o == NULL)
		return 0;
	r = vm_obj_new(vm, OBJ_RECORD, o->n);
	o = vm_obj(vm, r, OBJ_RECORD);
	if (o != NULL)
		memcpy(o->v, vm_obj(vm, a[0], OBJ_RECORD)->v, o->n * sizeof(double));
	*ret = r;
	return 0;
}

FN(field_get)
{
	struct obj *o = record(vm, a[0]);

	(void)n;
	if (o != NULL)
		*ret = o->v[(uint32_t)a[1]];
	return 0;
}

FN(field_set)
{
	struct obj *o = record(vm, a[0]);

	(void)n;
	(void)ret;
	if (o != NULL)
		o->v[(uint32_t)a[1]] = a[2];
	return 0;
}
