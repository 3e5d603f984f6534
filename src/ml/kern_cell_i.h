/* kern_cell_i.h - gates and recurrent cells.  Part of kern_body_i.h.
 *
 * Each takes one row of one step; the functions at the end of a pair go over
 * the rows. */

INLINE void gate_part(size_t h, const real *z, real *a, real *y, size_t j,
		      size_t n)
{
	vr p = vtanh(get(z + j, n)), q = vsigmoid(get(z + h + j, n));

	put(a + j, p, n);
	put(a + h + j, q, n);
	put(y + j, p * q, n);
}

static void gate(size_t rows, size_t n, const real *z, real *a, real *y)
{
	for (size_t i = 0; i < rows; i++, z += 2 * n, a += 2 * n, y += n)
		EACH(n, gate_part, n, z, a, y);
}

INLINE void gate_back_part(size_t h, const real *a, const real *dy, real *dz,
			   size_t j, size_t n)
{
	vr p = get(a + j, n), q = get(a + h + j, n), d = get(dy + j, n);

	put(dz + j, d * q * (1 - p * p), n);
	put(dz + h + j, d * p * (q * (1 - q)), n);
}

static void gate_back(size_t rows, size_t n, const real *a, const real *dy,
		      real *dz)
{
	for (size_t i = 0; i < rows; i++, a += 2 * n, dy += n, dz += 2 * n)
		EACH(n, gate_back_part, n, a, dy, dz);
}

INLINE void lstm_part(size_t h, const real *z, real *a, const real *cp, real *c,
		      real *tc, real *y, size_t j, size_t n)
{
	vr i = vsigmoid(get(z + j, n)), f = vsigmoid(get(z + h + j, n));
	vr g = vtanh(get(z + 2 * h + j, n)), o = vsigmoid(get(z + 3 * h + j, n));
	vr s = f * get(cp + j, n) + i * g, t = vtanh(s);

	put(a + j, i, n);
	put(a + h + j, f, n);
	put(a + 2 * h + j, g, n);
	put(a + 3 * h + j, o, n);
	put(tc + j, t, n);
	put(c + j, s, n);
	put(y + j, o * t, n);
}

/* Nobody comes back for the gates: three divisions in place of five. */
INLINE void lstm_only(size_t h, const real *z, const real *cp, real *c, real *y,
		      size_t j, size_t n)
{
	vr i = 1 + exp_minus(get(z + j, n)), f = 1 + exp_minus(get(z + h + j, n));
	vr g = exp_twice(get(z + 2 * h + j, n));
	vr o = 1 + exp_minus(get(z + 3 * h + j, n));
	vr s = get(cp + j, n) / f + (g - 1) / (i * (g + 1)), e = exp_twice(s);

	put(c + j, s, n);
	put(y + j, (e - 1) / (o * (e + 1)), n);
}

static void lstm(size_t h, size_t b, const real *z, real *a, const real *cp,
		 real *c, real *tc, real *y)
{
	for (size_t i = 0; i < b; i++, z += 4 * h, cp += h, c += h, y += h) {
		if (a != NULL) {
			EACH(h, lstm_part, h, z, a, cp, c, tc, y);
			a += 4 * h;
			tc += h;
		} else {
			EACH(h, lstm_only, h, z, cp, c, y);
		}
	}
}

INLINE void lstm_back_part(size_t h, const real *a, const real *cp,
			   const real *tc, const real *dh, real *dc, real *dz,
			   size_t j, size_t n)
{
	vr i = get(a + j, n), f = get(a + h + j, n), g = get(a + 2 * h + j, n);
	vr o = get(a + 3 * h + j, n), t = get(tc + j, n), d = get(dh + j, n);
	vr s = get(dc + j, n) + d * o * (1 - t * t);

	put(dz + j, s * g * (i * (1 - i)), n);
	put(dz + h + j, s * get(cp + j, n) * (f * (1 - f)), n);
	put(dz + 2 * h + j, s * i * (1 - g * g), n);
	put(dz + 3 * h + j, d * t * (o * (1 - o)), n);
	put(dc + j, s * f, n);
}

static void lstm_back(size_t h, size_t b, const real *a, const real *cp,
		      const real *tc, const real *dh, real *dc, real *dz)
{
	for (size_t i = 0; i < b; i++) {
		EACH(h, lstm_back_part, h, a, cp, tc, dh, dc, dz);
		a += 4 * h;
		dz += 4 * h;
		cp += h;
		tc += h;
		dh += h;
		dc += h;
	}
}

INLINE void gru_part(size_t h, const real *zx, const real *zh, const real *bn,
		     const real *hp, real *a, real *u, real *y, size_t j,
		     size_t n)
{
	vr r = vsigmoid(get(zx + j, n) + get(zh + j, n));
	vr k = vsigmoid(get(zx + h + j, n) + get(zh + h + j, n));
	vr w = get(zh + 2 * h + j, n) + get(bn + j, n);
	vr m = vtanh(get(zx + 2 * h + j, n) + r * w);

	put(a + j, r, n);
	put(a + h + j, k, n);
	put(a + 2 * h + j, m, n);
	put(u + j, w, n);
	put(y + j, m + k * (get(hp + j, n) - m), n);
}

/* Likewise: with e for exp(-z) of the second gate and m for exp(2x) of the
 * third it is (hp (m + 1) + e (m - 1)) / ((1 + e) (m + 1)). */
INLINE void gru_only(size_t h, const real *zx, const real *zh, const real *bn,
		     const real *hp, real *y, size_t j, size_t n)
{
	vr r = 1 + exp_minus(get(zx + j, n) + get(zh + j, n));
	vr e = exp_minus(get(zx + h + j, n) + get(zh + h + j, n));
	vr w = get(zh + 2 * h + j, n) + get(bn + j, n);
	vr m = exp_twice(get(zx + 2 * h + j, n) + w / r);

	put(y + j, (get(hp + j, n) * (m + 1) + e * (m - 1)) /
		   ((1 + e) * (m + 1)), n);
}

static void gru(size_t h, size_t b, const real *zx, const real *zh,
		const real *bn, const real *hp, real *a, real *u, real *y)
{
	for (size_t i = 0; i < b; i++, hp += h, y += h) {
		if (a != NULL) {
			EACH(h, gru_part, h, zx, zh, bn, hp, a, u, y);
			a += 3 * h;
			u += h;
		} else {
			EACH(h, gru_only, h, zx, zh, bn, hp, y);
		}
		zx += 3 * h;
		zh += 3 * h;
	}
}

INLINE void gru_back_part(size_t h, const real *a, const real *u, const real *hp,
			  const real *dh, real *dzx, real *dzh, real *dhp,
			  size_t j, size_t n)
{
	vr r = get(a + j, n), k = get(a + h + j, n), m = get(a + 2 * h + j, n);
	vr d = get(dh + j, n);
	vr dm = d * (1 - k) * (1 - m * m);
	vr dr = dm * get(u + j, n) * (r * (1 - r));
	vr dk = d * (get(hp + j, n) - m) * (k * (1 - k));

	put(dzx + j, dr, n);
	put(dzx + h + j, dk, n);
	put(dzx + 2 * h + j, dm, n);
	put(dzh + j, dr, n);
	put(dzh + h + j, dk, n);
	put(dzh + 2 * h + j, dm * r, n);
	put(dhp + j, d * k, n);
}

static void gru_back(size_t h, size_t b, const real *a, const real *u,
		     const real *hp, const real *dh, real *dzx, real *dzh,
		     real *dhp)
{
	for (size_t i = 0; i < b; i++) {
		EACH(h, gru_back_part, h, a, u, hp, dh, dzx, dzh, dhp);
		a += 3 * h;
		dzx += 3 * h;
		dzh += 3 * h;
		u += h;
		hp += h;
		dh += h;
		dhp += h;
	}
}
