#include "config.h"

#include <string.h>

#include "bt/pack.h"
#include "core/map.h"
#include "market/squeeze.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "packed columns are little endian");

#define RANKS 8

/* ---- columns ------------------------------------------------------------- */

static void spread(uint8_t *to, const struct pack_col *c, size_t n)
{
	uint64_t last = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t x, d;

		memcpy(&x, (const char *)c->v + i * RANKS, RANKS);
		d = c->whole ? x - last : x ^ last;
		last = x;
		for (size_t k = 0; k < RANKS; k++)
			to[k * n + i] = (uint8_t)(d >> (8 * k));
	}
}

static void *gather(struct arena *out, const uint8_t *from, bool whole, size_t n)
{
	uint64_t *v = arena_alloc_raw(out, (n + 1) * sizeof(*v)), last = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t d = 0;

		for (size_t k = 0; k < RANKS; k++)
			d |= (uint64_t)from[k * n + i] << (8 * k);
		last = whole ? last + d : last ^ d;
		v[i] = last;
	}
	return v;
}

struct str pack_columns(struct arena *out, const struct pack_col *cols,
			size_t n_cols, size_t n)
{
	struct str r = { 0 };

	SCOPE(tmp, out) {
		uint8_t *p = arena_alloc_raw(tmp, n_cols * n * RANKS + 1);

		for (size_t c = 0; c < n_cols; c++)
			spread(p + c * n * RANKS, &cols[c], n);
		r = squeeze(out, p, n_cols * n * RANKS);
	}
	return r;
}

int unpack_columns(struct arena *out, struct str data, const bool *whole,
		   size_t n_cols, void **ret_cols, size_t *ret_n,
		   struct err *err)
{
	SCOPE(tmp, out) {
		struct str p;
		size_t n;
		int rc = unsqueeze(tmp, data, n_cols * PACK_ROWS_MAX * RANKS, &p,
				   err);

		if (rc < 0)
			return rc;
		if (n_cols == 0 || p.n % (n_cols * RANKS) != 0)
			return FAIL(err, E_IO, "packed columns: %zu bytes are "
				    "not %zu columns", p.n, n_cols);
		n = p.n / (n_cols * RANKS);
		for (size_t c = 0; c < n_cols; c++)
			ret_cols[c] = gather(out, (const uint8_t *)p.p +
					     c * n * RANKS, whole[c], n);
		*ret_n = n;
	}
	return 0;
}

/* ---- trades ----------------------------------------------------------------- */

/* Columns of a trade: whole numbers, texts (their place in the list of texts,
 * 0: none), doubles, then what was seen of each plot. */
enum { W_ENTRY, W_EXIT, W_BARS, W_FLAGS, W__N };
#define F_SHORT 1
#define F_OPEN 2
#define F_SEEN 4
static const size_t texts[] = {
	offsetof(struct bt_trade, pair), offsetof(struct bt_trade, entry_signal),
	offsetof(struct bt_trade, exit_reason),
	offsetof(struct bt_trade, exit_signal), offsetof(struct bt_trade, tag),
};
static const size_t doubles[] = {
	offsetof(struct bt_trade, entry_price),
	offsetof(struct bt_trade, exit_price), offsetof(struct bt_trade, qty),
	offsetof(struct bt_trade, profit),
	offsetof(struct bt_trade, profit_ratio), offsetof(struct bt_trade, fees),
	offsetof(struct bt_trade, mfe), offsetof(struct bt_trade, mae),
};
#define N_FIXED (W__N + ARRAY_LEN(texts) + ARRAY_LEN(doubles))

struct wordlist {			/* texts, each once */
	struct map *seen;
	struct sbuf b;			/* each ends in '\0' */
	int64_t n;
};

static int64_t word(struct arena *tmp, struct wordlist *l, const char *s)
{
	int64_t *at;

	if (s == NULL)
		return 0;
	at = map_get(l->seen, str_c(s));
	if (at == NULL) {
		at = NEW(tmp, int64_t);
		*at = ++l->n;
		map_put(l->seen, str_c(s), at);
		sbuf_add(&l->b, s, strlen(s) + 1);
	}
	return *at;
}

static const void *member(const struct bt_trade *t, size_t at)
{
	return (const char *)t + at;
}

static void fill(struct arena *tmp, const struct bt_trade *v, size_t n,
		 size_t n_plots, struct wordlist *l, struct pack_col *cols)
{
	int64_t *w[W__N + ARRAY_LEN(texts)];
	double *d;

	for (size_t c = 0; c < ARRAY_LEN(w); c++) {
		w[c] = NEW_N(tmp, int64_t, n + 1);
		cols[c] = (struct pack_col){ true, w[c] };
	}
	for (size_t i = 0; i < n; i++) {
		w[W_ENTRY][i] = v[i].entry_ms;
		w[W_EXIT][i] = v[i].exit_ms;
		w[W_BARS][i] = v[i].bars;
		w[W_FLAGS][i] = (v[i].is_short ? F_SHORT : 0) |
			(v[i].open_at_end ? F_OPEN : 0) |
			(v[i].seen != NULL ? F_SEEN : 0);
		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			w[W__N + k][i] = word(tmp, l, *(const char *const *)
					      member(&v[i], texts[k]));
	}
	for (size_t k = 0; k < ARRAY_LEN(doubles) + n_plots; k++) {
		d = NEW_N(tmp, double, n + 1);
		for (size_t i = 0; i < n; i++)
			d[i] = k < ARRAY_LEN(doubles) ?
				*(const double *)member(&v[i], doubles[k]) :
				v[i].seen == NULL ? 0 :
				v[i].seen[k - ARRAY_LEN(doubles)];
		cols[W__N + ARRAY_LEN(texts) + k] = (struct pack_col){ false, d };
	}
}

struct str pack_trades(struct arena *out, const struct bt_trade *v, size_t n,
		       size_t n_plots)
{
	struct str r = { 0 };

	SCOPE(tmp, out) {
		struct pack_col *cols = NEW_N(tmp, struct pack_col,
					      N_FIXED + n_plots);
		struct wordlist l = { .seen = map_new(tmp) };
		struct str c, w;
		uint32_t len;
		char *p;

		sbuf_init(&l.b, tmp, (size_t)1 << 30);
		fill(tmp, v, n, n_plots, &l, cols);
		c = pack_columns(tmp, cols, N_FIXED + n_plots, n);
		w = squeeze(tmp, l.b.buf, l.b.len);
		len = (uint32_t)c.n;
		p = arena_alloc_raw(out, sizeof(len) + c.n + w.n);
		memcpy(p, &len, sizeof(len));
		memcpy(p + sizeof(len), c.p, c.n);
		memcpy(p + sizeof(len) + c.n, w.p, w.n);
		r = str_n(p, sizeof(len) + c.n + w.n);
	}
	return r;
}

/* The list of texts: words[1] .. words[n]. */
static size_t read_words(struct arena *out, struct str text, const char ***ret)
{
	size_t n = 0, k = 0;
	const char **v;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\0';
	v = NEW_N(out, const char *, n + 1);
	for (size_t i = 0; k < n; i += strlen(text.p + i) + 1)
		v[++k] = text.p + i;
	*ret = v;
	return n;
}

static int read_trade(struct arena *out, void *const *cols, size_t i,
		      const char *const *words, size_t n_words, size_t n_plots,
		      struct bt_trade *t, struct err *err)
{
	const int64_t *const *w = (const int64_t *const *)cols;
	const double *const *d =
		(const double *const *)(cols + W__N + ARRAY_LEN(texts));
	int64_t flags = w[W_FLAGS][i];

	t->entry_ms = w[W_ENTRY][i];
	t->exit_ms = w[W_EXIT][i];
	t->bars = w[W_BARS][i];
	t->is_short = (flags & F_SHORT) != 0;
	t->open_at_end = (flags & F_OPEN) != 0;
	for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
		uint64_t at = (uint64_t)w[W__N + k][i];

		if (at > n_words)
			return FAIL(err, E_IO, "packed trades: text %llu of %zu",
				    (unsigned long long)at, n_words);
		*(const char **)((char *)t + texts[k]) = words[at];
	}
	for (size_t k = 0; k < ARRAY_LEN(doubles); k++)
		*(double *)((char *)t + doubles[k]) = d[k][i];
	if (flags & F_SEEN) {
		double *seen = NEW_N(out, double, n_plots + 1);

		for (size_t k = 0; k < n_plots; k++)
			seen[k] = d[ARRAY_LEN(doubles) + k][i];
		t->seen = seen;
	}
	return 0;
}

int unpack_trades(struct arena *out, struct str data, size_t n_plots,
		  uint64_t first, struct bt_trade **ret, size_t *ret_n,
		  struct err *err)
{
	size_t n_cols = N_FIXED + n_plots, n, n_words;
	void **cols = NEW_N(out, void *, n_cols);
	bool *whole = NEW_N(out, bool, n_cols);
	struct bt_trade *v;
	const char **words;
	struct str text;
	uint32_t len;
	int rc;

	if (data.n < sizeof(len))
		return FAIL(err, E_IO, "packed trades: %zu bytes only", data.n);
	memcpy(&len, data.p, sizeof(len));
	if (len > data.n - sizeof(len))
		return FAIL(err, E_IO, "packed trades: cut short");
	for (size_t c = 0; c < W__N + ARRAY_LEN(texts); c++)
		whole[c] = true;
	rc = unpack_columns(out, str_n(data.p + sizeof(len), len), whole, n_cols,
			    cols, &n, err);
	if (rc == 0)
		rc = unsqueeze(out, str_n(data.p + sizeof(len) + len,
					  data.n - sizeof(len) - len),
			       (size_t)1 << 30, &text, err);
	if (rc < 0)
		return rc;
	n_words = read_words(out, text, &words);
	v = NEW_N(out, struct bt_trade, n + 1);
	for (size_t i = 0; i < n; i++) {
		v[i].number = first + i;
		rc = read_trade(out, cols, i, words, n_words, n_plots, &v[i], err);
		if (rc < 0)
			return rc;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}
