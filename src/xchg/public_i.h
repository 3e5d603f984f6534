#ifndef XCHG_PUBLIC_I_H
#define XCHG_PUBLIC_I_H
/* public_i.h - what the dialects of public.h share. */
#include "json/json.h"
#include "xchg/public.h"

struct pub_dialect {
	const char *name;
	unsigned gap_ms;	/* least time from one request to the next */
	/* its word for candles of that length; NULL: it has none */
	const char *(*tf)(enum tf tf);
	int (*time)(struct pub *p, struct arena *tmp, int64_t *ret_ms,
		    struct err *err);
	/* io->m names it; fills in the rest */
	int (*symbol)(struct pub *p, struct arena *tmp, struct pub_symbol *io,
		      struct err *err);
	int (*candles)(struct arena *out, struct pub *p,
		       const struct pub_symbol *s, enum tf tf, int64_t from,
		       int64_t to, struct pub_page *ret, struct err *err);
	/* what an answer that is an error says, as a sentence in `out`; or NULL */
	const char *(*error)(struct arena *out, const struct json *j);
};
extern const struct pub_dialect pub_binance, pub_coinbase, pub_kraken, pub_kucoin;

struct pub {
	unsigned magic;
#define PUB_MAGIC 0x9b11c0deu
	const struct pub_dialect *d;
	struct arena *arena;
	struct http *http;
	const char *url;	/* no slash at its end */
	unsigned gap_ms;	/* the dialect's; none in tests */
	int64_t asked_ns;
	void *own;		/* the dialect's */
};

/* GET url + path: its JSON, when the status is 200 and it is no error. */
MUST_CHECK int pub_get(struct arena *out, struct pub *p, const char *path,
		       const struct json **ret, struct err *err);
/* "binance: <what>" */
int pub_odd(const struct pub *p, struct err *err, const char *what);
/* A candle of five numbers, or of their texts, in the order of X_O ... X_V;
 * checked. */
MUST_CHECK int pub_row(const struct pub *p, enum tf tf, int64_t t,
		       const struct json *const *v, struct xcandle *ret,
		       struct err *err);
/* Texts of steps; missing ones keep what *m has. */
MUST_CHECK int pub_steps(const struct pub *p, struct market *m,
			 const struct json *tick, const struct json *lot,
			 const struct json *least, struct err *err);
/* Room for n rows, `n` below any limit of an exchange. */
void pub_page_room(struct arena *out, struct pub_page *pg, size_t n);
/* Of a page that came newest first: in order, without what lies outside
 * [from, to). */
void pub_page_order(struct pub_page *pg, int64_t from, int64_t to);

#endif /* XCHG_PUBLIC_I_H */
