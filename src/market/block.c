#include "config.h"
#include <string.h>
#include <zstd.h>
#include "market/market_i.h"

#define VARINT_MAX 10		/* bytes of the longest number */
#define ZSTD_LEVEL 1
/* 't' and five mantissas of full length, a byte of decimals each, a head. */
#define PLAIN_MAX(n) ((n) * (6 * VARINT_MAX + X__N) + 2)

/* ---- writing ---- */

static uint8_t *put_u(uint8_t *p, uint64_t v)
{
	for (; v >= 128; v >>= 7)
		*p++ = (uint8_t)(v | 128);
	*p++ = (uint8_t)v;
	return p;
}

static uint64_t zigzag(uint64_t v)
{
	return (v << 1) ^ (0 - (v >> 63));
}

static uint64_t unzigzag(uint64_t z)
{
	return (z >> 1) ^ (0 - (z & 1));
}

static uint8_t *put_times(uint8_t *p, const struct xcandle *x, size_t n)
{
	uint64_t t = 0, d = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t step = (uint64_t)x[i].t - t;

		p = put_u(p, zigzag(step - d));
		t = (uint64_t)x[i].t;
		d = step;
	}
	return p;
}

/* The scale that all prices, and all volumes, of a block share. */
struct scale { unsigned price, volume; };

static struct scale common_scale(const struct xcandle *x, size_t n)
{
	struct scale s = { 0, 0 };

	for (size_t i = 0; i < n; i++) {
		for (int k = X_O; k <= X_C; k++)
			s.price = x[i].d[k] > s.price ? x[i].d[k] : s.price;
		s.volume = x[i].d[X_V] > s.volume ? x[i].d[X_V] : s.volume;
	}
	return s;
}

static bool scale_row(const struct xcandle *x, struct scale s, int64_t m[X__N])
{
	for (int k = X_O; k <= X_C; k++)
		if (!dec_rescale(x->m[k], x->d[k], s.price, &m[k]))
			return false;
	return dec_rescale(x->m[X_V], x->d[X_V], s.volume, &m[X_V]);
}

/* Columns of scaled integers, five times n; NULL when they do not fit. */
static int64_t *scaled(struct arena *out, const struct xcandle *x, size_t n,
		       struct scale s)
{
	int64_t *col = NEW_N(out, int64_t, n * X__N);

	for (size_t i = 0; i < n; i++) {
		int64_t m[X__N];

		if (!scale_row(&x[i], s, m))
			return NULL;
		for (size_t k = 0; k < X__N; k++)
			col[k * n + i] = m[k];
	}
	return col;
}

static uint64_t larger(int64_t a, int64_t b)
{
	return (uint64_t)(a > b ? a : b);
}

static uint64_t smaller(int64_t a, int64_t b)
{
	return (uint64_t)(a < b ? a : b);
}

static uint8_t *put_delta(uint8_t *p, const struct xcandle *x,
			  const int64_t *col, size_t n, struct scale s)
{
	const int64_t *o = col + X_O * n, *h = col + X_H * n;
	const int64_t *l = col + X_L * n, *c = col + X_C * n;
	const int64_t *v = col + X_V * n;

	*p++ = (uint8_t)s.price;
	*p++ = (uint8_t)s.volume;
	p = put_times(p, x, n);
	for (size_t i = 0; i < n; i++)
		p = put_u(p, zigzag((uint64_t)c[i] -
				    (i > 0 ? (uint64_t)c[i - 1] : 0)));
	for (size_t i = 0; i < n; i++)
		p = put_u(p, zigzag((uint64_t)o[i] -
				    (i > 0 ? (uint64_t)c[i - 1] : 0)));
	for (size_t i = 0; i < n; i++)
		p = put_u(p, (uint64_t)h[i] - larger(o[i], c[i]));
	for (size_t i = 0; i < n; i++)
		p = put_u(p, smaller(o[i], c[i]) - (uint64_t)l[i]);
	for (size_t i = 0; i < n; i++)
		p = put_u(p, zigzag((uint64_t)v[i]));
	return p;
}

static uint8_t *put_wide(uint8_t *p, const struct xcandle *x, size_t n)
{
	p = put_times(p, x, n);
	for (int k = 0; k < X__N; k++) {
		for (size_t i = 0; i < n; i++)
			*p++ = x[i].d[k];
		for (size_t i = 0; i < n; i++)
			p = put_u(p, zigzag((uint64_t)x[i].m[k]));
	}
	return p;
}

struct str block_encode(struct arena *out, const struct xcandle *x, size_t n)
{
	uint8_t *block = NULL;
	size_t len = 0;

	assert(n >= 1 && n <= BLOCK_CANDLES);
	SCOPE(tmp, out) {
		struct scale s = common_scale(x, n);
		int64_t *col = scaled(tmp, x, n, s);
		uint8_t *plain = NEW_N(tmp, uint8_t, PLAIN_MAX(n));
		uint8_t *end = col != NULL ? put_delta(plain, x, col, n, s) :
			put_wide(plain, x, n);
		size_t size = (size_t)(end - plain);
		size_t room = ZSTD_compressBound(size), z;
		uint8_t *frame = NEW_N(tmp, uint8_t, room);

		assert(size <= PLAIN_MAX(n));
		z = ZSTD_compress(frame, room, plain, size, ZSTD_LEVEL);
		if (!ZSTD_isError(z) && z < size - size / 8) {
			len = z + 1;
			block = NEW_N(out, uint8_t, len);
			block[0] = col != NULL ? 'D' : 'W';
			memcpy(block + 1, frame, z);
		} else {
			len = size + 1;
			block = NEW_N(out, uint8_t, len);
			block[0] = col != NULL ? 'd' : 'w';
			memcpy(block + 1, plain, size);
		}
	}
	return str_n((const char *)block, len);
}

/* ---- reading ---- */

struct reader {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t get_u_checked(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && r->p < r->end; shift += 7) {
		uint8_t b = *r->p++;

		if (shift == 63 && b > 1)
			break;		/* more than 64 bits */
		v |= (uint64_t)(b & 127) << shift;
		if (b < 128)
			return v;
	}
	r->bad = true;
	r->p = r->end;
	return 0;
}

static inline uint64_t get_u(struct reader *r)
{
	const uint8_t *p = r->p;

	if (r->end - p < VARINT_MAX)
		return get_u_checked(r);
	if (p[0] < 128) {
		r->p = p + 1;
		return p[0];
	}
	if (p[1] < 128) {
		r->p = p + 2;
		return (uint64_t)(p[0] & 127) | (uint64_t)p[1] << 7;
	}
	if (p[2] < 128) {
		r->p = p + 3;
		return (uint64_t)(p[0] & 127) | (uint64_t)(p[1] & 127) << 7 |
			(uint64_t)p[2] << 14;
	}
	return get_u_checked(r);
}

static uint8_t get_byte(struct reader *r)
{
	if (r->p == r->end) {
		r->bad = true;
		return 0;
	}
	return *r->p++;
}

static bool get_times(struct reader *r, int64_t *t, size_t n)
{
	uint64_t at = 0, d = 0;

	for (size_t i = 0; i < n; i++) {
		d += unzigzag(get_u(r));
		at += d;
		t[i] = (int64_t)at;
	}
	for (size_t i = 1; i < n; i++)
		if (t[i] <= t[i - 1])
			return false;
	return !r->bad;
}

/* A block's columns as scaled integers. */
struct ints {
	int64_t t[BLOCK_CANDLES];
	int64_t m[X__N][BLOCK_CANDLES];
	struct scale s;
};

/* Half a megabyte that every block of a load is unpacked in. */
struct block_room {
	struct arena *arena;
	struct xcandle *x;	/* made when the first 'w' block comes */
	struct ints ints;
	uint8_t plain[PLAIN_MAX(BLOCK_CANDLES)];
};

struct block_room *block_room(struct arena *out)
{
	struct block_room *r = arena_alloc_raw(out, sizeof(*r));

	r->arena = out;
	r->x = NULL;
	return r;
}

static bool get_delta(struct reader *r, struct ints *b, size_t n)
{
	int64_t *o = b->m[X_O], *h = b->m[X_H], *l = b->m[X_L];
	int64_t *c = b->m[X_C], *v = b->m[X_V];
	uint64_t last = 0;

	b->s.price = get_byte(r);
	b->s.volume = get_byte(r);
	if (b->s.price > 18 || b->s.volume > 18 || !get_times(r, b->t, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		last += unzigzag(get_u(r));
		c[i] = (int64_t)last;
	}
	last = 0;
	for (size_t i = 0; i < n; i++) {
		o[i] = (int64_t)(last + unzigzag(get_u(r)));
		last = (uint64_t)c[i];
	}
	for (size_t i = 0; i < n; i++)
		h[i] = (int64_t)(larger(o[i], c[i]) + get_u(r));
	for (size_t i = 0; i < n; i++)
		l[i] = (int64_t)(smaller(o[i], c[i]) - get_u(r));
	for (size_t i = 0; i < n; i++)
		v[i] = (int64_t)unzigzag(get_u(r));
	return !r->bad && r->p == r->end;
}

static bool get_wide(struct reader *r, struct xcandle *x, size_t n, int64_t *t)
{
	if (!get_times(r, t, n))
		return false;
	for (size_t i = 0; i < n; i++)
		x[i].t = t[i];
	for (int k = 0; k < X__N; k++) {
		for (size_t i = 0; i < n; i++) {
			x[i].d[k] = get_byte(r);
			if (x[i].d[k] > 18)
				return false;
		}
		for (size_t i = 0; i < n; i++)
			x[i].m[k] = (int64_t)unzigzag(get_u(r));
	}
	return !r->bad && r->p == r->end;
}

/* The plain bytes of a block and its layout, 'd' or 'w'. */
static int block_open(struct block_room *room, struct str data, size_t n,
		      char *ret, struct reader *ret_r, struct err *err)
{
	const uint8_t *p = (const uint8_t *)data.p;
	size_t size;

	if (data.n < 2 || n < 1 || n > BLOCK_CANDLES)
		return FAIL(err, E_BUG, "candle block: %zu bytes for %zu candles",
			    data.n, n);
	if (data.p[0] == 'd' || data.p[0] == 'w') {
		*ret = data.p[0];
		*ret_r = (struct reader){ p + 1, p + data.n, false };
		return 0;
	}
	if (data.p[0] != 'D' && data.p[0] != 'W')
		return FAIL(err, E_BUG, "candle block: unknown layout %u", p[0]);
	size = ZSTD_decompress(room->plain, PLAIN_MAX(n), p + 1, data.n - 1);
	if (ZSTD_isError(size))
		return FAIL(err, E_BUG, "candle block: %s",
			    ZSTD_getErrorName(size));
	*ret = data.p[0] == 'D' ? 'd' : 'w';
	*ret_r = (struct reader){ room->plain, room->plain + size, false };
	return 0;
}

static void to_doubles(double *dst, const int64_t *m, size_t n, unsigned d)
{
	const double unit = (double)dec_pow10[d];
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++)
		bits |= (uint64_t)(m[i] ^ (m[i] >> 63));
	if (bits < (uint64_t)DEC_EXACT_MAX) {
		for (size_t i = 0; i < n; i++)
			dst[i] = (double)m[i] / unit;
		return;
	}
	for (size_t i = 0; i < n; i++)
		dst[i] = dec_to_double((struct dec){ m[i], (uint8_t)d });
}

static void normalise(struct xcandle *x)
{
	for (int k = 0; k < X__N; k++) {
		if (x->m[k] == 0)
			x->d[k] = 0;
		for (; x->d[k] > 0 && x->m[k] % 10 == 0; x->d[k]--)
			x->m[k] /= 10;
	}
}

/* Into room->ints ('d') or room->x ('w'). */
static int block_read(struct block_room *room, struct str data, size_t n,
		      char *ret_layout, struct err *err)
{
	struct reader r;
	int rc = block_open(room, data, n, ret_layout, &r, err);

	if (rc < 0)
		return rc;
	if (*ret_layout == 'w' && room->x == NULL)
		room->x = NEW_N(room->arena, struct xcandle, BLOCK_CANDLES);
	if (*ret_layout == 'w' ? !get_wide(&r, room->x, n, room->ints.t) :
	    !get_delta(&r, &room->ints, n))
		return FAIL(err, E_BUG, "candle block: damaged");
	return 0;
}

int block_decode(struct block_room *room, struct str data, size_t n,
		 struct candles *cs, size_t at, struct err *err)
{
	double *const to[X__N] = { cs->o + at, cs->h + at, cs->l + at,
				   cs->c + at, cs->v + at };
	const struct ints *b = &room->ints;
	char layout;
	int rc = block_read(room, data, n, &layout, err);

	if (rc < 0)
		return rc;
	assert(at + n <= cs->n);
	memcpy(cs->t + at, b->t, n * sizeof(int64_t));
	for (int k = 0; layout == 'd' && k < X__N; k++)
		to_doubles(to[k], b->m[k], n,
			   k == X_V ? b->s.volume : b->s.price);
	for (size_t i = 0; layout == 'w' && i < n; i++) {
		struct candle c = xcandle_double(&room->x[i]);

		candles_set(cs, at + i, &c);
	}
	return 0;
}

int block_decode_exact(struct block_room *room, struct str data, size_t n,
		       struct xcandle *x, struct err *err)
{
	const struct ints *b = &room->ints;
	char layout;
	int rc = block_read(room, data, n, &layout, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (layout == 'w') {
			x[i] = room->x[i];
		} else {
			x[i] = (struct xcandle){ .t = b->t[i] };
			for (int k = 0; k < X__N; k++) {
				x[i].m[k] = b->m[k][i];
				x[i].d[k] = (uint8_t)(k == X_V ? b->s.volume :
						      b->s.price);
			}
		}
		normalise(&x[i]);
	}
	return 0;
}
