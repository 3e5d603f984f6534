/* Matrices: rows one after the other in o->v; o->rows of them. */
#include "config.h"

#include <stdlib.h>

#include "script/lib_i.h"

#define FN(name) int fn_##name(struct script_vm *vm, double *ret, const double *a, size_t n)
#define CELLS_MAX 100000u

static uint32_t cols(const struct obj *o) { return o->rows > 0 ? o->n / o->rows : 0; }

static struct obj *mat(struct script_vm *vm, double ref)
{
	struct obj *o = vm_obj(vm, ref, OBJ_MATRIX);

	if (o == NULL)
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): the matrix is na", vm->call->name);
	return o;
}

static struct obj *fresh(struct script_vm *vm, double rows, double columns, double *ret)
{
	struct obj *o;

	*ret = NAN;
	if (!(rows >= 0 && columns >= 0 && rows * columns <= CELLS_MAX)) {
		vm_fail(vm, E_INVAL, vm->call->line, "a matrix of %g rows and %g columns; there "
			"may be %u cells", rows, columns, CELLS_MAX);
		return NULL;
	}
	*ret = vm_obj_new(vm, OBJ_MATRIX, (uint32_t)rows * (uint32_t)columns);
	o = vm_obj(vm, *ret, OBJ_MATRIX);
	if (o != NULL)
		o->rows = (uint32_t)rows;
	vm->steps += (uint64_t)(rows * columns) / 4;
	return o;
}

static bool inside(struct script_vm *vm, double i, double n, const char *what, uint32_t *ret)
{
	if (!(i >= 0 && i < n)) {
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): %s %g of %g", vm->call->name, what,
			i, n);
		return false;
	}
	*ret = (uint32_t)i;
	return true;
}

static bool same_shape(struct script_vm *vm, bool ok)
{
	if (!ok)
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): the sizes do not go together",
			vm->call->name);
	return ok;
}

FN(matrix_new)
{
	struct obj *o = fresh(vm, a[0], a[1], ret);

	(void)n;
	for (uint32_t i = 0; o != NULL && i < o->n; i++)
		o->v[i] = a[2];
	return 0;
}

FN(matrix_get)
{
	struct obj *o = mat(vm, a[0]);
	uint32_t r, c;

	(void)n;
	if (o != NULL && inside(vm, a[1], o->rows, "row", &r) &&
	    inside(vm, a[2], cols(o), "column", &c))
		*ret = o->v[r * cols(o) + c];
	return 0;
}

FN(matrix_set)
{
	struct obj *o = mat(vm, a[0]);
	uint32_t r, c;

	(void)n;
	(void)ret;
	if (o != NULL && inside(vm, a[1], o->rows, "row", &r) &&
	    inside(vm, a[2], cols(o), "column", &c))
		o->v[r * cols(o) + c] = a[3];
	return 0;
}

FN(matrix_fill)
{
	struct obj *o = mat(vm, a[0]);

	(void)n;
	(void)ret;
	for (uint32_t i = 0; o != NULL && i < o->n; i++) {
		uint32_t r = i / cols(o), c = i % cols(o);

		if (r >= a[2] && !(r >= a[3]) && c >= a[4] && !(c >= a[5]))
			o->v[i] = a[1];
	}
	return 0;
}

FN(matrix_size)
{
	struct obj *o = mat(vm, a[0]);

	(void)n;
	if (o != NULL)
		*ret = vm->call->data == 0 ? o->rows :
		       vm->call->data == 1 ? cols(o) : o->n;
	return 0;
}

/* A row (code 0) or column (1) as an array. */
static double line_of(struct script_vm *vm, double ref, uint32_t at, bool column)
{
	const struct obj *o = vm_obj(vm, ref, OBJ_MATRIX);
	uint32_t k = column ? o->rows : cols(o);
	double r = vm_obj_new(vm, OBJ_ARRAY, k);
	struct obj *x = vm_obj(vm, r, OBJ_ARRAY);

	o = vm_obj(vm, ref, OBJ_MATRIX);
	for (uint32_t i = 0; x != NULL && i < k; i++)
		x->v[i] = column ? o->v[i * cols(o) + at] : o->v[at * cols(o) + i];
	return r;
}

FN(matrix_line)
{
	struct obj *o = mat(vm, a[0]);
	bool column = vm->call->data == 1;
	uint32_t at;

	(void)n;
	if (o != NULL && inside(vm, a[1], column ? cols(o) : o->rows,
				column ? "column" : "row", &at))
		*ret = line_of(vm, a[0], at, column);
	return 0;
}

static bool reshape(struct script_vm *vm, struct obj *o, uint32_t rows, uint32_t columns)
{
	if ((uint64_t)rows * columns > CELLS_MAX || !vm_obj_room(vm, o, rows * columns)) {
		vm_fail(vm, E_LIMIT, vm->call->line, "a matrix of more than %u cells", CELLS_MAX);
		return false;
	}
	o->rows = rows;
	o->n = rows * columns;
	return true;
}

/* Makes room for one line at `at`: what stands there and behind moves on. */
static bool open_line(struct script_vm *vm, struct obj *o, uint32_t at, bool column,
		      uint32_t was_r, uint32_t was_c)
{
	if (!reshape(vm, o, was_r + !column, was_c + column))
		return false;
	for (uint32_t i = o->n; i-- > 0; ) {
		uint32_t r = i / cols(o), c = i % cols(o), k = column ? c : r;

		if (k != at)
			o->v[i] = o->v[(r - (!column && r > at)) * was_c + c -
				       (column && c > at)];
	}
	return true;
}

FN(matrix_add)
{
	struct obj *o = mat(vm, a[0]), *x = is_na(a[2]) ? NULL : vm_array(vm, a[2]);
	bool column = vm->call->data == 1;
	uint32_t was_r, was_c, most, at;

	(void)n;
	(void)ret;
	if (o == NULL)
		return 0;
	was_r = o->rows;
	was_c = cols(o);
	if (o->n == 0 && x != NULL) {		/* the first line gives the width */
		was_r = column ? x->n : 0;
		was_c = column ? 0 : x->n;
	}
	most = column ? was_c : was_r;
	if (!inside(vm, isnan(a[1]) ? most : a[1], (double)most + 1, "place", &at) ||
	    (x != NULL && x->n != (column ? was_r : was_c) && !same_shape(vm, false)) ||
	    !open_line(vm, o, at, column, was_r, was_c))
		return 0;
	for (uint32_t i = 0; i < (column ? o->rows : cols(o)); i++)
		o->v[column ? i * cols(o) + at : at * cols(o) + i] = x != NULL ? x->v[i] : NAN;
	return 0;
}

FN(matrix_remove)
{
	struct obj *o = mat(vm, a[0]);
	bool column = vm->call->data == 1;
	uint32_t at, w = 0, c, r;

	(void)n;
	if (o == NULL || !inside(vm, isnan(a[1]) ? (column ? cols(o) : o->rows) - 1.0 : a[1],
				 column ? cols(o) : o->rows, "line", &at))
		return 0;
	*ret = line_of(vm, a[0], at, column);
	o = vm_obj(vm, a[0], OBJ_MATRIX);
	c = cols(o);
	r = o->rows;
	for (uint32_t i = 0; i < o->n; i++)
		if ((column ? i % c : i / c) != at)
			o->v[w++] = o->v[i];
	o->n = w;
	o->rows = w == 0 ? 0 : column ? r : r - 1;
	return 0;
}

FN(matrix_swap)
{
	struct obj *o = mat(vm, a[0]);
	bool column = vm->call->data == 1;
	uint32_t x, y, most = o == NULL ? 0 : column ? cols(o) : o->rows;

	(void)n;
	(void)ret;
	if (o == NULL || !inside(vm, a[1], most, "line", &x) || !inside(vm, a[2], most, "line", &y))
		return 0;
	for (uint32_t i = 0; i < (column ? o->rows : cols(o)); i++) {
		double *p = column ? &o->v[i * cols(o) + x] : &o->v[x * cols(o) + i];
		double *q = column ? &o->v[i * cols(o) + y] : &o->v[y * cols(o) + i], t = *p;

		*p = *q;
		*q = t;
	}
	return 0;
}

FN(matrix_reshape)
{
	struct obj *o = mat(vm, a[0]);

	(void)n;
	(void)ret;
	if (o == NULL)
		return 0;
	if (a[1] * a[2] != o->n || !(a[1] >= 0)) {
		vm_fail(vm, E_INVAL, vm->call->line, "matrix.reshape(): %u cells do not make %g "
			"rows of %g", o->n, a[1], a[2]);
		return 0;
	}
	o->rows = (uint32_t)a[1];
	return 0;
}

FN(matrix_reverse)
{
	struct obj *o = mat(vm, a[0]);

	(void)n;
	(void)ret;
	for (uint32_t i = 0; o != NULL && i < o->n / 2; i++) {
		double t = o->v[i];

		o->v[i] = o->v[o->n - 1 - i];
		o->v[o->n - 1 - i] = t;
	}
	return 0;
}

/* Rows by the values of one column; equal ones keep their order. */
FN(matrix_sort)
{
	struct obj *o = mat(vm, a[0]);
	bool down = !is_na(a[2]) && str_starts(vm_str(vm, a[2]), "desc");
	uint32_t c, w;

	(void)n;
	(void)ret;
	if (o == NULL || !inside(vm, a[1], cols(o), "column", &c))
		return 0;
	w = cols(o);
	for (uint32_t i = 1; i < o->rows; i++)
		for (uint32_t k = i; k > 0; k--) {
			double x = o->v[(k - 1) * w + c], y = o->v[k * w + c];

			if (down ? !(y > x) : !(y < x))
				break;
			for (uint32_t j = 0; j < w; j++) {
				double t = o->v[k * w + j];

				o->v[k * w + j] = o->v[(k - 1) * w + j];
				o->v[(k - 1) * w + j] = t;
			}
			vm->steps++;
		}
	return 0;
}

/* --- New matrices ------------------------------------------------------------ */

static double copy(struct script_vm *vm, double ref, struct obj **ret_o)
{
	struct obj *o = mat(vm, ref);
	double r = NAN;

	*ret_o = o == NULL ? NULL : fresh(vm, o->rows, cols(o), &r);
	if (*ret_o != NULL && o->n > 0)
		memcpy((*ret_o)->v, vm_obj(vm, ref, OBJ_MATRIX)->v, (*ret_o)->n * sizeof(double));
	return r;
}

FN(matrix_copy)
{
	struct obj *o;

	(void)n;
	*ret = copy(vm, a[0], &o);
	return 0;
}

FN(matrix_transpose)
{
	struct obj *o = mat(vm, a[0]), *x = o == NULL ? NULL : fresh(vm, cols(o), o->rows, ret);

	(void)n;
	o = vm_obj(vm, a[0], OBJ_MATRIX);
	for (uint32_t i = 0; x != NULL && i < x->n; i++)
		x->v[i] = o->v[(i % cols(x)) * cols(o) + i / cols(x)];
	return 0;
}

FN(matrix_part)
{
	struct obj *o = mat(vm, a[0]), *x;
	double r1, c1;

	(void)n;
	if (o == NULL)
		return 0;
	r1 = isnan(a[2]) ? o->rows : a[2];
	c1 = isnan(a[4]) ? cols(o) : a[4];
	if (!(a[1] >= 0 && r1 >= a[1] && r1 <= o->rows && a[3] >= 0 && c1 >= a[3] &&
	      c1 <= cols(o))) {
		vm_fail(vm, E_INVAL, vm->call->line, "matrix.submatrix(): rows %g to %g, columns "
			"%g to %g", a[1], r1, a[3], c1);
		return 0;
	}
	x = fresh(vm, r1 - a[1], c1 - a[3], ret);
	o = vm_obj(vm, a[0], OBJ_MATRIX);
	for (uint32_t i = 0; x != NULL && i < x->n; i++)
		x->v[i] = o->v[((uint32_t)a[1] + i / cols(x)) * cols(o) + (uint32_t)a[3] +
			       i % cols(x)];
	return 0;
}

/* Appends the rows of the second to the first, which is given back. */
FN(matrix_concat)
{
	struct obj *o = mat(vm, a[0]), *x = mat(vm, a[1]);
	uint32_t was, rows;

	(void)n;
	*ret = a[0];
	if (o == NULL || x == NULL || !same_shape(vm, cols(o) == cols(x) || o->n == 0))
		return 0;
	was = o->n;
	rows = o->rows + x->rows;
	if (reshape(vm, o, rows, cols(x)))
		memmove(o->v + was, x->v, (o->n - was) * sizeof(double));
	return 0;
}

/* code 0: sum, 1: difference; of a matrix or a number. */
FN(matrix_sum)
{
	struct obj *o, *x = vm_obj(vm, a[1], OBJ_MATRIX);
	double sign = vm->call->data == 0 ? 1 : -1;

	(void)n;
	*ret = copy(vm, a[0], &o);
	x = vm_obj(vm, a[1], OBJ_MATRIX);
	if (o == NULL || (x != NULL && !same_shape(vm, x->rows == o->rows && x->n == o->n)))
		return 0;
	for (uint32_t i = 0; i < o->n; i++)
		o->v[i] += sign * (x != NULL ? x->v[i] : a[1]);
	return 0;
}

static void product(const struct obj *x, const struct obj *y, struct obj *to)
{
	for (uint32_t r = 0; r < x->rows; r++)
		for (uint32_t c = 0; c < cols(to); c++) {
			double s = 0;

			for (uint32_t k = 0; k < cols(x); k++)
				s += x->v[r * cols(x) + k] * y->v[k * cols(to) + c];
			to->v[r * cols(to) + c] = s;
		}
}

FN(matrix_mult)
{
	struct obj *x = mat(vm, a[0]), *y = vm_obj(vm, a[1], OBJ_MATRIX), *to;
	struct obj *z = vm_array(vm, a[1]);

	(void)n;
	if (x == NULL)
		return 0;
	if (y != NULL) {
		if (!same_shape(vm, cols(x) == y->rows))
			return 0;
		vm->steps += (uint64_t)x->n * cols(y) / 16;
		to = fresh(vm, x->rows, cols(y), ret);
		if (to != NULL)
			product(vm_obj(vm, a[0], OBJ_MATRIX), vm_obj(vm, a[1], OBJ_MATRIX), to);
	} else if (z != NULL) {
		if (!same_shape(vm, cols(x) == z->n))
			return 0;
		*ret = vm_obj_new(vm, OBJ_ARRAY, x->rows);
		to = vm_obj(vm, *ret, OBJ_ARRAY);
		x = vm_obj(vm, a[0], OBJ_MATRIX);
		z = vm_array(vm, a[1]);
		for (uint32_t r = 0; to != NULL && r < x->rows; r++) {
			to->v[r] = 0;
			for (uint32_t k = 0; k < z->n; k++)
				to->v[r] += x->v[r * cols(x) + k] * z->v[k];
		}
	} else {
		*ret = copy(vm, a[0], &to);
		for (uint32_t i = 0; to != NULL && i < to->n; i++)
			to->v[i] *= a[1];
	}
	return 0;
}

static bool square(struct script_vm *vm, const struct obj *o)
{
	if (o->rows == cols(o))
		return true;
	vm_fail(vm, E_INVAL, vm->call->line, "%s() needs a square matrix", vm->call->name);
	return false;
}

FN(matrix_pow)
{
	struct obj *o, *x, *y;
	double was, one;

	(void)n;
	o = mat(vm, a[0]);
	if (o == NULL || !square(vm, o))
		return 0;
	if (!(a[1] >= 0 && a[1] <= 1000)) {
		vm_fail(vm, E_INVAL, vm->call->line, "matrix.pow(): a power of %g", a[1]);
		return 0;
	}
	y = fresh(vm, o->rows, o->rows, &was);
	for (uint32_t i = 0; y != NULL && i < y->n; i++)
		y->v[i] = i % (cols(y) + 1) == 0;
	for (double k = 0; y != NULL && k < a[1]; k++) {
		x = fresh(vm, cols(y), cols(y), &one);
		if (x == NULL)
			return 0;
		vm->steps += x->n;
		product(vm_obj(vm, was, OBJ_MATRIX), vm_obj(vm, a[0], OBJ_MATRIX), x);
		was = one;
		y = x;
	}
	*ret = was;
	return 0;
}

static void swap_rows(struct obj *o, uint32_t x, uint32_t y)
{
	uint32_t w = cols(o);

	for (uint32_t k = 0; k < w && x != y; k++) {
		double t = o->v[x * w + k];

		o->v[x * w + k] = o->v[y * w + k];
		o->v[y * w + k] = t;
	}
}

/* Gauss-Jordan with the largest pivot; to->v becomes the inverse if `to`.
 * Gives the determinant; *ret_rank the number of pivots. */
static double eliminate(struct obj *o, struct obj *to, uint32_t *ret_rank)
{
	uint32_t w = cols(o), rank = 0;
	double det = 1;

	for (uint32_t c = 0; c < w && rank < o->rows; c++) {
		uint32_t best = rank;
		double p;

		for (uint32_t r = rank; r < o->rows; r++)
			if (fabs(o->v[r * w + c]) > fabs(o->v[best * w + c]))
				best = r;
		p = o->v[best * w + c];
		if (!(fabs(p) > 1e-12))
			continue;
		swap_rows(o, best, rank);
		if (to != NULL)
			swap_rows(to, best, rank);
		det *= best != rank ? -p : p;
		for (uint32_t k = 0; k < w; k++) {
			o->v[rank * w + k] /= p;
			if (to != NULL)
				to->v[rank * w + k] /= p;
		}
		for (uint32_t r = 0; r < o->rows; r++) {
			double f = o->v[r * w + c];

			if (r == rank || f == 0)
				continue;
			for (uint32_t k = 0; k < w; k++) {
				o->v[r * w + k] -= f * o->v[rank * w + k];
				if (to != NULL)
					to->v[r * w + k] -= f * to->v[rank * w + k];
			}
		}
		rank++;
	}
	*ret_rank = rank;
	return rank == o->rows ? det : 0;
}

FN(matrix_inv)
{
	struct obj *o, *to;
	uint32_t rank = 0;
	double work;

	(void)n;
	o = mat(vm, a[0]);
	if (o == NULL || !square(vm, o))
		return 0;
	to = fresh(vm, o->rows, o->rows, ret);
	work = copy(vm, a[0], &o);
	to = vm_obj(vm, *ret, OBJ_MATRIX);
	if (o == NULL || to == NULL || !is_ref(work))
		return 0;
	vm->steps += (uint64_t)o->n * o->rows / 8;
	for (uint32_t i = 0; i < to->n; i++)
		to->v[i] = i % (cols(to) + 1) == 0;
	eliminate(o, to, &rank);
	for (uint32_t i = 0; rank < o->rows && i < to->n; i++)
		to->v[i] = NAN;			/* there is none */
	return 0;
}

FN(matrix_kron)
{
	struct obj *x = mat(vm, a[0]), *y = mat(vm, a[1]), *to;

	(void)n;
	if (x == NULL || y == NULL)
		return 0;
	to = fresh(vm, (double)x->rows * y->rows, (double)cols(x) * cols(y), ret);
	x = vm_obj(vm, a[0], OBJ_MATRIX);
	y = vm_obj(vm, a[1], OBJ_MATRIX);
	for (uint32_t i = 0; to != NULL && i < to->n; i++) {
		uint32_t r = i / cols(to), c = i % cols(to);

		to->v[i] = x->v[r / y->rows * cols(x) + c / cols(y)] *
			   y->v[r % y->rows * cols(y) + c % cols(y)];
	}
	return 0;
}

/* --- Numbers and questions ------------------------------------------------------ */

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

static double of_cells(const struct obj *o, int what)
{
	double sum = 0, best = NAN;
	uint32_t run = 0, most = 0;

	if (o->n == 0)
		return NAN;
	for (uint32_t i = 0; i < o->n; i++)
		sum += o->v[i];
	if (what == MX_AVG)
		return sum / o->n;
	qsort(o->v, o->n, sizeof(double), by_value);	/* a copy, see below */
	if (what == MX_MIN)
		return o->v[0];
	if (what == MX_MAX)
		return o->v[o->n - 1];
	if (what == MX_MEDIAN)
		return (o->v[(o->n - 1) / 2] + o->v[o->n / 2]) / 2;
	for (uint32_t i = 0; i < o->n; i++) {
		run = i > 0 && o->v[i] == o->v[i - 1] ? run + 1 : 1;
		if (run > most) {
			most = run;
			best = o->v[i];
		}
	}
	return best;
}

FN(matrix_number)
{
	struct obj *o;
	int what = vm->call->data;
	uint32_t rank = 0;
	double det;

	(void)n;
	copy(vm, a[0], &o);
	if (o == NULL || ((what == MX_DET || what == MX_TRACE) && !square(vm, o)))
		return 0;
	if (what == MX_TRACE) {
		*ret = 0;
		for (uint32_t i = 0; i < o->rows; i++)
			*ret += o->v[i * (o->rows + 1)];
	} else if (what == MX_DET || what == MX_RANK) {
		vm->steps += (uint64_t)o->n * o->rows / 8;
		det = eliminate(o, NULL, &rank);
		*ret = what == MX_DET ? det : rank;
	} else {
		*ret = of_cells(o, what);
	}
	return 0;
}

/* Whether one cell is as the question wants it. */
static bool cell_is(const struct obj *o, uint32_t r, uint32_t c, int what)
{
	double v = o->v[r * cols(o) + c];

	switch (what) {
	case MX_ZERO: return v == 0;
	case MX_BINARY: return v == 0 || v == 1;
	case MX_IDENTITY: return v == (r == c);
	case MX_DIAGONAL: return r == c || v == 0;
	case MX_ANTIDIAGONAL: return r + c + 1 == o->rows || v == 0;
	case MX_SYMMETRIC: return v == o->v[c * cols(o) + r];
	case MX_ANTISYMMETRIC: return v == -o->v[c * cols(o) + r];
	default: return v >= 0;
	}
}

static bool triangular(const struct obj *o)
{
	bool up = true, down = true;

	for (uint32_t i = 0; i < o->n; i++) {
		if (i / cols(o) > i % cols(o))
			up = up && o->v[i] == 0;
		if (i / cols(o) < i % cols(o))
			down = down && o->v[i] == 0;
	}
	return up || down;
}

FN(matrix_is)
{
	struct obj *o = mat(vm, a[0]);
	int what = vm->call->data;
	bool yes = true, sq = o != NULL && o->rows == cols(o);

	(void)n;
	if (o == NULL)
		return 0;
	if (what == MX_SQUARE || what == MX_TRIANGULAR || what == MX_IDENTITY ||
	    what == MX_DIAGONAL || what == MX_ANTIDIAGONAL || what == MX_SYMMETRIC || what == MX_ANTISYMMETRIC)
		yes = sq;
	if (what == MX_TRIANGULAR)
		yes = yes && triangular(o);
	for (uint32_t r = 0; r < o->rows && what != MX_SQUARE && what != MX_TRIANGULAR; r++) {
		double sum = 0;

		for (uint32_t c = 0; c < cols(o) && yes; c++) {
			yes = cell_is(o, r, c, what);
			sum += o->v[r * cols(o) + c];
		}
		if (what == MX_STOCHASTIC)
			yes = yes && fabs(sum - 1) < TOLERANCE;
	}
	*ret = yes;
	return 0;
}
