/* kern_gemm_i.h - the matrix product.  Part of kern_body_i.h.
 *
 * A block of MR rows and up to NV vectors stays in registers while k runs;
 * what is left of the rows goes one by one, with more vectors each.  k is cut
 * so that a strip of b stays in the first cache: a cut stores and loads again,
 * which changes no bit. */

#define ONE	8		/* vectors of a block of one row */
#define CUT	256		/* of k */
#define TURN	4		/* vectors of a strip of vecmat() */

typedef void block_fn(size_t k, const real *a, size_t ar, size_t ac,
		      const real *b, size_t br, const real *z, size_t zr,
		      real *c, size_t cr, size_t last);

/* The compiler does not unroll loops around masked loads unless told. */
#define UNROLL	_Pragma("GCC unroll 16")

/* k > 0.  `last`: lanes of the last vector; a constant VL when T_ is 0. */
#define BLOCK(name, M_, N_, T_)						\
static void name(size_t k, const real *a, size_t ar, size_t ac,		\
		 const real *b, size_t br, const real *z, size_t zr,	\
		 real *c, size_t cr, size_t last)			\
{									\
	vr acc[M_][N_], w[N_];						\
	const size_t e = N_ - 1;					\
									\
	(void)last;							\
	UNROLL for (size_t i = 0; i < M_; i++) {			\
		UNROLL for (size_t j = 0; j < e; j++)			\
			acc[i][j] = ld(z + i * zr + j * VL);		\
		acc[i][e] = T_ ? ld_n(z + i * zr + e * VL, last) :	\
			    ld(z + i * zr + e * VL);			\
	}								\
	do {								\
		UNROLL for (size_t j = 0; j < e; j++)			\
			w[j] = ld(b + j * VL);				\
		w[e] = T_ ? ld_n(b + e * VL, last) : ld(b + e * VL);	\
		for (size_t i = 0; i < M_; i++) {			\
			vr x = SP(a[i * ar]);				\
									\
			UNROLL for (size_t j = 0; j < N_; j++)		\
				acc[i][j] += x * w[j];			\
		}							\
		a += ac;						\
		b += br;						\
	} while (--k != 0);						\
	UNROLL for (size_t i = 0; i < M_; i++) {			\
		UNROLL for (size_t j = 0; j < e; j++)			\
			st(c + i * cr + j * VL, acc[i][j]);		\
		if (T_)							\
			st_n(c + i * cr + e * VL, acc[i][e], last);	\
		else							\
			st(c + i * cr + e * VL, acc[i][e]);		\
	}								\
}

BLOCK(many_1, MR, 1, 0) BLOCK(many_1t, MR, 1, 1)
BLOCK(many_2, MR, 2, 0) BLOCK(many_2t, MR, 2, 1)
#if NV > 2
BLOCK(many_3, MR, 3, 0) BLOCK(many_3t, MR, 3, 1)
#endif
#if NV > 3
BLOCK(many_4, MR, 4, 0) BLOCK(many_4t, MR, 4, 1)
BLOCK(many_5, MR, 5, 0) BLOCK(many_5t, MR, 5, 1)
#endif
BLOCK(one_1, 1, 1, 0) BLOCK(one_1t, 1, 1, 1)
BLOCK(one_2, 1, 2, 0) BLOCK(one_2t, 1, 2, 1)
BLOCK(one_3, 1, 3, 0) BLOCK(one_3t, 1, 3, 1)
BLOCK(one_4, 1, 4, 0) BLOCK(one_4t, 1, 4, 1)
BLOCK(one_5, 1, 5, 0) BLOCK(one_5t, 1, 5, 1)
BLOCK(one_6, 1, 6, 0) BLOCK(one_6t, 1, 6, 1)
BLOCK(one_7, 1, 7, 0) BLOCK(one_7t, 1, 7, 1)
BLOCK(one_8, 1, 8, 0) BLOCK(one_8t, 1, 8, 1)

static block_fn *const many[2][NV] = {
#if NV == 2
	{ many_1, many_2 }, { many_1t, many_2t },
#elif NV == 3
	{ many_1, many_2, many_3 }, { many_1t, many_2t, many_3t },
#else
	{ many_1, many_2, many_3, many_4, many_5 },
	{ many_1t, many_2t, many_3t, many_4t, many_5t },
#endif
};

static block_fn *const one[2][ONE] = {
	{ one_1, one_2, one_3, one_4, one_5, one_6, one_7, one_8 },
	{ one_1t, one_2t, one_3t, one_4t, one_5t, one_6t, one_7t, one_8t },
};

/* What a sum begins with when it begins with nothing. */
static const real zeros[ONE * VL];

/* All columns, of a part of k. */
static void gemm_part(size_t m, size_t n, size_t k, const real *a, size_t ar,
		      size_t ac, const real *b, size_t br, const real *z,
		      size_t zr, real *c, size_t cr)
{
	size_t vecs = (n + VL - 1) / VL, most = m >= MR ? NV : ONE;
	size_t strips = (vecs + most - 1) / most, left = n % VL, i;

	if (z == NULL)
		zr = 0;
	/* Strips of about the same width: a narrow one waits for its sums. */
	for (; strips > 0; strips--) {
		size_t v = (vecs + strips - 1) / strips;
		bool t = strips == 1 && left != 0;

		for (i = 0; m >= MR && i + MR <= m; i += MR)
			many[t][v - 1](k, a + i * ar, ar, ac, b, br,
				       z != NULL ? z + i * zr : zeros, zr,
				       c + i * cr, cr, left);
		for (; i < m; i++)
			one[t][v - 1](k, a + i * ar, ar, ac, b, br,
				      z != NULL ? z + i * zr : zeros, zr,
				      c + i * cr, cr, left);
		vecs -= v;
		b += v * VL;
		c += v * VL;
		if (z != NULL)
			z += v * VL;
	}
}

static void gemm(size_t m, size_t n, size_t k, const real *a, size_t ar,
		 size_t ac, const real *b, size_t br, const real *z, size_t zr,
		 real *c, size_t cr)
{
	for (size_t p = 0; p < k; p += CUT) {
		gemm_part(m, n, k - p < CUT ? k - p : CUT, a + p * ac, ar, ac,
			  b + p * br, br, z, zr, c, cr);
		z = c;
		zr = cr;
	}
}

/* One row.  Strips from the right when told to: who asks again and again for a
 * matrix a little larger than the cache finds what was used last. */
static void vecmat(size_t n, size_t k, const real *x, const real *b,
		   const real *z, real *c, bool from_right)
{
	size_t vecs = (n + VL - 1) / VL, strips = (vecs + TURN - 1) / TURN;
	size_t left = n % VL;

	for (size_t i = 0; i < strips; i++) {
		size_t s = from_right ? strips - 1 - i : i;
		size_t at = s * vecs / strips, end = (s + 1) * vecs / strips;
		bool t = s + 1 == strips && left != 0;

		one[t][end - at - 1](k, x, 0, 1, b + at * VL, n,
				     z != NULL ? z + at * VL : zeros, 0,
				     c + at * VL, 0, left);
	}
}
