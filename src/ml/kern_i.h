#ifndef ML_KERN_I_H
#define ML_KERN_I_H
/* kern_i.h - the kernels: what the networks spend their time in.
 *
 * Matrices are row-major.  No kernel reads or writes past what it is given,
 * no pointer needs to be aligned.
 *
 * The networks are float32.  ML_REAL_DOUBLE makes the same sources compute in
 * double, with libm's functions: the gradient checks are built so. */
#include "ml/kern.h"

#ifdef ML_REAL_DOUBLE
typedef double real;
# define REAL(x) (x)
# define ML_REAL ML_F64
#else
typedef float real;
# define REAL(x) (x##f)
# define ML_REAL ML_F32
#endif

#define ML_ACTS(X) X(LINEAR, "linear") X(RELU, "relu") X(TANH, "tanh") \
	X(SIGMOID, "sigmoid") X(GELU, "gelu")
enum ml_act {
#define X(name, text) ACT_##name,
	ML_ACTS(X)
#undef X
};

struct adam {
	real rate;		/* with the corrections of the moments in it */
	real beta1, beta2;
	real eps;		/* likewise corrected */
	real keep;		/* weights are multiplied by this first */
};

struct ml_kern {
	const char *name;

	/* c = z + a b; a is m x k, its element (i, p) at a[i * ar + p * ac];
	 * b is k x n with rows br apart.  z: rows zr apart (0: the same row
	 * for all), NULL: zeros, may be c itself.  Each element is summed over
	 * k in order, beginning with z's. */
	void (*gemm)(size_t m, size_t n, size_t k, const real *a, size_t ar,
		     size_t ac, const real *b, size_t br, const real *z,
		     size_t zr, real *c, size_t cr);

	/* The same for one row, b with rows n apart; its strips of columns from
	 * the right or from the left, which changes no bit: asked for again
	 * and again, turn by turn, more of b is found in the first cache. */
	void (*vecmat)(size_t n, size_t k, const real *x, const real *b,
		       const real *z, real *c, bool from_right);

	/* y = f(x), y may be x.  GELU is the form with tanh. */
	void (*act)(enum ml_act f, size_t n, const real *x, real *y);
	/* dx = dy f'(x), dx may be dy.  y = f(x); x is read for GELU only. */
	void (*act_back)(enum ml_act f, size_t n, const real *x, const real *y,
			 const real *dy, real *dx);
	/* y = tanh(p) * sigmoid(q), the halves of `rows` rows of 2n; a keeps
	 * both, may be z. */
	void (*gate)(size_t rows, size_t n, const real *z, real *a, real *y);
	void (*gate_back)(size_t rows, size_t n, const real *a, const real *dy,
			  real *dz);
	/* y = exp(x - max) */
	void (*exp)(size_t n, const real *x, real max, real *y);

	/* One step of `b` sequences with h cells.  z: b x 4h sums of i f g o;
	 * a: the gates, for the way back, or NULL; cp, c: state before and
	 * after (may be one); tc = tanh(c) or NULL; y: output. */
	void (*lstm)(size_t h, size_t b, const real *z, real *a, const real *cp,
		     real *c, real *tc, real *y);
	/* dh: of y; dc: of c, becomes that of cp. */
	void (*lstm_back)(size_t h, size_t b, const real *a, const real *cp,
			  const real *tc, const real *dh, real *dc, real *dz);
	/* r z n, reset after: n = tanh(zx + r (zh + bn)).  a: gates or NULL;
	 * u = zh + bn of n or NULL. */
	void (*gru)(size_t h, size_t b, const real *zx, const real *zh,
		    const real *bn, const real *hp, real *a, real *u, real *y);
	/* dzx, dzh: of both sums; dhp: the part of dh that goes straight on. */
	void (*gru_back)(size_t h, size_t b, const real *a, const real *u,
			 const real *hp, const real *dh, real *dzx, real *dzh,
			 real *dhp);

	/* y = x / (1 - p) or 0, by a hash of key and index. */
	void (*dropout)(size_t n, uint32_t key, double p, const real *x, real *y);
	void (*adam)(size_t n, const struct adam *o, const real *g, real *m,
		     real *v, real *w);
	void (*sgd)(size_t n, real rate, real momentum, real keep, const real *g,
		    real *m, real *w);
};

const struct ml_kern *ml_kern(void);
extern const struct ml_kern ml_kern_portable, ml_kern_avx2, ml_kern_avx512;

/* Numbers too small for full precision are zero between these two; what the
 * rest of the process computes is not touched. */
unsigned kern_enter(void);
void kern_leave(unsigned before);

#endif /* ML_KERN_I_H */
