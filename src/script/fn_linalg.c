/* Eigenvalues, eigenvectors and the pseudo-inverse of matrices.
 *
 * Symmetric matrices go by Jacobi's rotations, which are exact to the last
 * bits; others by Householder's way to Hessenberg form and Francis' double
 * shifts, with the real parts of what is complex.  The largest value comes
 * first.  A vector has length 1 and its largest component is positive; one
 * whose value is complex is na.  The pseudo-inverse is made of one-sided
 * Jacobi rotations (Hestenes). */
#include "config.h"

#include <float.h>
#include <stdlib.h>

#include "script/lib_i.h"

#define FN(name) int fn_##name(struct script_vm *vm, double *ret, const double *a, size_t n)
#define SIZE_MAX_SQUARE 200u
#define SWEEPS 60

static struct obj *matrix_of(struct script_vm *vm, double ref)
{
	struct obj *o = vm_obj(vm, ref, OBJ_MATRIX);

	if (o == NULL)
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): the matrix is na", vm->call->name);
	return o;
}

static bool small(struct script_vm *vm, uint32_t rows, uint32_t cols)
{
	uint32_t n = rows > cols ? rows : cols;

	vm->steps += (uint64_t)n * n * n / 4;
	if (n > SIZE_MAX_SQUARE)
		vm_fail(vm, E_LIMIT, vm->call->line, "%s() of more than %u rows or columns",
			vm->call->name, SIZE_MAX_SQUARE);
	return !vm->failed;
}

static bool finite_all(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

static bool symmetric(const double *m, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n * n; i++)
		most = fmax(most, fabs(m[i]));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (fabs(m[i * n + k] - m[k * n + i]) > 1e-14 * most)
				return false;
	return true;
}

/* Columns p and q of v (and rows and columns of m) turned so that m[p][q] is 0. */
static void rotate(double *m, double *v, size_t n, size_t p, size_t q)
{
	double theta = (m[q * n + q] - m[p * n + p]) / (2 * m[p * n + q]);
	double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
	double c = 1 / sqrt(t * t + 1), s = t * c;

	for (size_t k = 0; k < n; k++) {
		double x = m[k * n + p], y = m[k * n + q];

		m[k * n + p] = c * x - s * y;
		m[k * n + q] = s * x + c * y;
	}
	for (size_t k = 0; k < n; k++) {
		double x = m[p * n + k], y = m[q * n + k];

		m[p * n + k] = c * x - s * y;
		m[q * n + k] = s * x + c * y;
	}
	for (size_t k = 0; k < n; k++) {
		double x = v[k * n + p], y = v[k * n + q];

		v[k * n + p] = c * x - s * y;
		v[k * n + q] = s * x + c * y;
	}
}

/* m becomes diagonal, the columns of v its vectors. */
static void jacobi(double *m, double *v, size_t n)
{
	for (size_t i = 0; i < n * n; i++)
		v[i] = i % (n + 1) == 0;
	for (int round = 0; round < SWEEPS; round++) {
		bool done = true;

		for (size_t p = 0; p < n; p++)
			for (size_t q = p + 1; q < n; q++) {
				double off = fabs(m[p * n + q]);

				if (off <= DBL_EPSILON * 0.5 * sqrt(fabs(m[p * n + p]) *
				    fabs(m[q * n + q])) || off < DBL_MIN)
					continue;
				done = false;
				rotate(m, v, n, p, q);
			}
		if (done)
			return;
	}
}

/* ---- not symmetric ----------------------------------------------------------- */

/* By rotations, column by column: zero below the first subdiagonal. */
static void hessenberg(double *h, size_t n)
{
	for (size_t c = 0; c + 2 < n; c++)
		for (size_t r = c + 2; r < n; r++) {
			double x = h[(c + 1) * n + c], y = h[r * n + c], d = hypot(x, y);
			double co = d > 0 ? x / d : 1, si = d > 0 ? y / d : 0;

			if (y == 0)
				continue;
			for (size_t k = 0; k < n; k++) {
				double u = h[(c + 1) * n + k], w = h[r * n + k];

				h[(c + 1) * n + k] = co * u + si * w;
				h[r * n + k] = co * w - si * u;
			}
			for (size_t k = 0; k < n; k++) {
				double u = h[k * n + c + 1], w = h[k * n + r];

				h[k * n + c + 1] = co * u + si * w;
				h[k * n + r] = co * w - si * u;
			}
		}
}

/* The two values of the block at hi - 1, hi. */
static void pair(const double *h, size_t n, size_t hi, double *re, double *im)
{
	double a = h[(hi - 1) * n + hi - 1], b = h[(hi - 1) * n + hi];
	double c = h[hi * n + hi - 1], d = h[hi * n + hi];
	double mid = (a + d) / 2, half = (a - d) / 2, q = half * half + b * c;

	if (q >= 0) {
		double z = mid + (mid >= 0 ? sqrt(q) : -sqrt(q));

		re[hi - 1] = z;
		re[hi] = z == 0 ? mid : (a * d - b * c) / z;
		im[hi - 1] = im[hi] = 0;
	} else {
		re[hi - 1] = re[hi] = mid;
		im[hi - 1] = sqrt(-q);
		im[hi] = -im[hi - 1];
	}
}

/* A reflection of three (or two) rows and columns from `at` on. */
static void reflect(double *h, size_t n, size_t lo, size_t hi, size_t at, const double x[3])
{
	size_t len = hi - at >= 2 ? 3 : 2, from = at > lo ? at - 1 : lo;
	size_t last = at + 3 <= hi ? at + 3 : hi;
	double v[3] = { x[0], x[1], len == 3 ? x[2] : 0 };
	double norm = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), vv;

	if (norm == 0)
		return;
	v[0] += v[0] >= 0 ? norm : -norm;
	vv = v[0] * v[0] + v[1] * v[1] + v[2] * v[2];
	for (size_t k = from; k <= hi; k++) {
		double s = 0;

		for (size_t i = 0; i < len; i++)
			s += v[i] * h[(at + i) * n + k];
		for (size_t i = 0; i < len; i++)
			h[(at + i) * n + k] -= 2 * s / vv * v[i];
	}
	for (size_t k = lo; k <= last; k++) {
		double s = 0;

		for (size_t i = 0; i < len; i++)
			s += v[i] * h[k * n + at + i];
		for (size_t i = 0; i < len; i++)
			h[k * n + at + i] -= 2 * s / vv * v[i];
	}
}

/* Francis' double step on the block lo..hi. */
static void francis(double *h, size_t n, size_t lo, size_t hi, bool odd)
{
	double a = h[(hi - 1) * n + hi - 1], d = h[hi * n + hi];
	double sum = a + d, prod = a * d - h[(hi - 1) * n + hi] * h[hi * n + hi - 1];
	double p = h[lo * n + lo], q = h[lo * n + lo + 1], r = h[(lo + 1) * n + lo];
	double x[3];

	if (odd) {		/* where it goes round in circles */
		double w = fabs(h[hi * n + hi - 1]) + fabs(h[(hi - 1) * n + hi - 2]);

		sum = 1.5 * w;
		prod = w * w;
	}
	x[0] = p * p + q * r - sum * p + prod;
	x[1] = r * (p + h[(lo + 1) * n + lo + 1] - sum);
	x[2] = r * h[(lo + 2) * n + lo + 1];
	for (size_t k = lo; k < hi; k++) {
		reflect(h, n, lo, hi, k, x);
		if (k + 1 < hi) {
			x[0] = h[(k + 1) * n + k];
			x[1] = h[(k + 2) * n + k];
			x[2] = k + 3 <= hi ? h[(k + 3) * n + k] : 0;
		}
	}
}

/* Real and imaginary parts; false: it did not come to an end. */
static bool eigen(double *h, size_t n, double *re, double *im)
{
	size_t hi = n - 1;
	int rounds = 0;

	hessenberg(h, n);
	for (;;) {
		size_t lo = hi;

		while (lo > 0 && fabs(h[lo * n + lo - 1]) > DBL_EPSILON *
		       (fabs(h[lo * n + lo]) + fabs(h[(lo - 1) * n + lo - 1])))
			lo--;
		if (lo > 0)
			h[lo * n + lo - 1] = 0;
		if (lo + 1 >= hi) {
			if (lo == hi) {
				re[hi] = h[hi * n + hi];
				im[hi] = 0;
			} else {
				pair(h, n, hi, re, im);
			}
			if (lo == 0)
				return true;
			hi = lo - 1;
			rounds = 0;
			continue;
		}
		if (++rounds > 100)
			return false;
		francis(h, n, lo, hi, rounds % 10 == 0);
	}
}

/* The vector of a real value: (m - value) x = y, twice, from ones. */
static void inverse_iteration(const double *m, size_t n, double value, double *work,
			      double *x)
{
	double most = fabs(value);

	for (size_t i = 0; i < n * n; i++)
		most = fmax(most, fabs(m[i]));
	for (size_t i = 0; i < n; i++)
		x[i] = 1 + (double)(i % 3) / 8;
	for (int round = 0; round < 3; round++) {
		double norm = 0;

		memcpy(work, m, n * n * sizeof(double));
		for (size_t i = 0; i < n; i++)
			work[i * n + i] -= value;
		for (size_t c = 0; c < n; c++) {
			size_t best = c;

			for (size_t r = c + 1; r < n; r++)
				if (fabs(work[r * n + c]) > fabs(work[best * n + c]))
					best = r;
			for (size_t k = 0; best != c && k < n; k++) {
				double t = work[c * n + k];

				work[c * n + k] = work[best * n + k];
				work[best * n + k] = t;
			}
			if (best != c) {
				double t = x[c];

				x[c] = x[best];
				x[best] = t;
			}
			if (fabs(work[c * n + c]) < DBL_EPSILON * most)
				work[c * n + c] = DBL_EPSILON * (most > 0 ? most : 1);
			for (size_t r = c + 1; r < n; r++) {
				double f = work[r * n + c] / work[c * n + c];

				for (size_t k = c; f != 0 && k < n; k++)
					work[r * n + k] -= f * work[c * n + k];
				x[r] -= f * x[c];
			}
		}
		for (size_t i = n; i-- > 0; ) {
			for (size_t k = i + 1; k < n; k++)
				x[i] -= work[i * n + k] * x[k];
			x[i] /= work[i * n + i];
			norm = fmax(norm, fabs(x[i]));
		}
		for (size_t i = 0; i < n; i++)
			x[i] /= norm;
	}
}

/* ---- both -------------------------------------------------------------------- */

struct value { double re, im; size_t from; };

static int larger(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if (x->re != y->re)
		return x->re > y->re ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* Length 1, the largest component above 0 (the first of equal ones). */
static void set_column(double *to, size_t n, size_t col, const double *x, size_t step)
{
	double len = 0, most = 0;
	size_t big = 0;

	for (size_t i = 0; i < n; i++) {
		len += x[i * step] * x[i * step];
		if (fabs(x[i * step]) > most * (1 + 1e-9)) {
			most = fabs(x[i * step]);
			big = i;
		}
	}
	len = sqrt(len) * (x[big * step] < 0 ? -1 : 1);
	for (size_t i = 0; i < n; i++)
		to[i * n + col] = x[i * step] / len;
}

/* Values, the largest first, and (vec not NULL) vectors in its columns. */
static void decompose(struct arena *tmp, const double *m, size_t n, struct value *val,
		      double *vec)
{
	double *work = NEW_N(tmp, double, n * n), *v = NEW_N(tmp, double, n * n);
	double *re = NEW_N(tmp, double, n), *im = NEW_N(tmp, double, n);
	bool sym = symmetric(m, n), ok = true;

	memcpy(work, m, n * n * sizeof(double));
	if (sym)
		jacobi(work, v, n);
	else
		ok = eigen(work, n, re, im);
	for (size_t i = 0; i < n; i++)
		val[i] = (struct value){ sym ? work[i * n + i] : ok ? re[i] : NAN,
					 sym ? 0 : im[i], i };
	if (ok)
		qsort(val, n, sizeof(*val), larger);
	for (size_t i = 0; vec != NULL && i < n; i++) {
		if (sym) {
			set_column(vec, n, i, v + val[i].from, n);
		} else if (ok && val[i].im == 0) {
			inverse_iteration(m, n, val[i].re, work, re);
			set_column(vec, n, i, re, 1);
		} else {
			for (size_t k = 0; k < n; k++)
				vec[k * n + i] = NAN;
		}
	}
}

/* code 0: an array of the values; 1: a matrix of the vectors. */
FN(matrix_eigen)
{
	struct obj *o = matrix_of(vm, a[0]), *to;
	bool vectors = vm->call->data == 1;
	uint32_t size;

	(void)n;
	*ret = NAN;
	if (o == NULL)
		return 0;
	size = o->rows;
	if (o->n != size * size) {
		vm_fail(vm, E_INVAL, vm->call->line, "%s(): the matrix is not square",
			vm->call->name);
		return 0;
	}
	if (!small(vm, size, size))
		return 0;
	*ret = vm_obj_new(vm, vectors ? OBJ_MATRIX : OBJ_ARRAY,
			  vectors ? size * size : size);
	to = vm_obj(vm, *ret, vectors ? OBJ_MATRIX : OBJ_ARRAY);
	o = matrix_of(vm, a[0]);	/* the table may have moved */
	if (to == NULL || o == NULL)
		return 0;
	if (vectors)
		to->rows = size;
	if (size == 0 || !finite_all(o->v, o->n))
		return 0;
	SCOPE(tmp, vm->out) {
		struct value *val = NEW_N(tmp, struct value, size);

		decompose(tmp, o->v, size, val, vectors ? to->v : NULL);
		for (uint32_t i = 0; !vectors && i < size; i++)
			to->v[i] = val[i].re;
	}
	return 0;
}

/* u (rows x cols, rows >= cols): its columns become orthogonal, by v. */
static void orthogonalise(double *u, double *v, size_t rows, size_t cols)
{
	for (size_t i = 0; i < cols * cols; i++)
		v[i] = i % (cols + 1) == 0;
	for (int round = 0; round < SWEEPS; round++) {
		bool done = true;

		for (size_t p = 0; p < cols; p++)
			for (size_t q = p + 1; q < cols; q++) {
				double x = 0, y = 0, z = 0, t, c, s, k;

				for (size_t i = 0; i < rows; i++) {
					x += u[i * cols + p] * u[i * cols + p];
					y += u[i * cols + q] * u[i * cols + q];
					z += u[i * cols + p] * u[i * cols + q];
				}
				if (fabs(z) <= 1e-15 * sqrt(x * y) || z == 0)
					continue;
				done = false;
				k = (y - x) / (2 * z);
				t = (k >= 0 ? 1 : -1) / (fabs(k) + sqrt(1 + k * k));
				c = 1 / sqrt(1 + t * t);
				s = c * t;
				for (size_t i = 0; i < rows + cols; i++) {
					double *w = i < rows ? u + i * cols :
						v + (i - rows) * cols;
					double g = w[p];

					w[p] = c * g - s * w[q];
					w[q] = s * g + c * w[q];
				}
			}
		if (done)
			return;
	}
}

/* to (cols x rows) = v * s^-1 * (u / s)^T of a rows x cols matrix. */
static void pseudo_inverse(struct arena *tmp, const double *m, size_t rows, size_t cols,
			   double *to)
{
	bool wide = rows < cols;
	size_t r = wide ? cols : rows, c = wide ? rows : cols;
	double *u = NEW_N(tmp, double, r * c), *v = NEW_N(tmp, double, c * c);
	double *s2 = NEW_N(tmp, double, c), most = 0;

	for (size_t i = 0; i < r; i++)
		for (size_t k = 0; k < c; k++)
			u[i * c + k] = wide ? m[k * cols + i] : m[i * cols + k];
	orthogonalise(u, v, r, c);
	for (size_t k = 0; k < c; k++) {
		for (size_t i = 0; i < r; i++)
			s2[k] += u[i * c + k] * u[i * c + k];
		most = fmax(most, s2[k]);
	}
	for (size_t i = 0; i < c; i++)
		for (size_t k = 0; k < r; k++) {
			double sum = 0;

			for (size_t j = 0; j < c; j++)
				if (sqrt(s2[j]) > (double)r * DBL_EPSILON * sqrt(most))
					sum += v[i * c + j] * u[k * c + j] / s2[j];
			to[wide ? k * rows + i : i * rows + k] = sum;
		}
}

FN(matrix_pinv)
{
	struct obj *o = matrix_of(vm, a[0]), *to;
	uint32_t rows, cols;

	(void)n;
	*ret = NAN;
	if (o == NULL)
		return 0;
	rows = o->rows;
	cols = rows > 0 ? o->n / rows : 0;
	if (!small(vm, rows, cols))
		return 0;
	*ret = vm_obj_new(vm, OBJ_MATRIX, rows * cols);
	to = vm_obj(vm, *ret, OBJ_MATRIX);
	o = matrix_of(vm, a[0]);
	if (to == NULL || o == NULL)
		return 0;
	to->rows = cols;
	if (o->n > 0 && finite_all(o->v, o->n))
		SCOPE(tmp, vm->out)
			pseudo_inverse(tmp, o->v, rows, cols, to->v);
	return 0;
}
