#include "config.h"

#include <string.h>

#include "core/fault.h"
#include "xchg/xchg.h"

#define NAMES(fn, type, LIST)						\
const char *fn##_name(type v)						\
{									\
	switch (v) {							\
	LIST(NAME_CASE)							\
	}								\
	return "?";							\
}
#define PARSE(fn, type, LIST)						\
bool fn##_parse(char c, type *ret)					\
{									\
	switch (c) {							\
	LIST(PARSE_CASE)						\
	}								\
	return false;							\
}
#define PARSE_CASE(id, text, c) case c: *ret = (c); return true;

#define NAME_CASE(id, text, c) case SIDE_##id: return text;
NAMES(xchg_side, enum xchg_side, XCHG_SIDES)
#undef NAME_CASE
#define NAME_CASE(id, text, c) case OT_##id: return text;
NAMES(xchg_type, enum xchg_type, XCHG_TYPES)
#undef NAME_CASE
#define NAME_CASE(id, text, c) case XS_##id: return text;
NAMES(xchg_state, enum xchg_state, XCHG_STATES)
#undef NAME_CASE
PARSE(xchg_side, enum xchg_side, XCHG_SIDES)
PARSE(xchg_type, enum xchg_type, XCHG_TYPES)
PARSE(xchg_state, enum xchg_state, XCHG_STATES)

enum xchg_side xchg_side_other(enum xchg_side s)
{
	return s == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
}

bool xchg_state_over(enum xchg_state s)
{
	return s == XS_FILLED || s == XS_CANCELED;
}

enum xchg_outcome xchg_outcome_of(int rc)
{
	if (rc == 0)
		return XR_DONE;
	if (rc == -E_UNCERTAIN || rc == -E_TIMEOUT)
		return XR_UNCERTAIN;
	return XR_REFUSED;
}

bool coid_eq(struct coid a, struct coid b)
{
	return memcmp(a.b, b.b, COID_SIZE) == 0;
}

bool coid_is_zero(struct coid c)
{
	return coid_eq(c, (struct coid){ { 0 } });
}

void coid_format(char buf[static COID_TEXT_MAX], struct coid c)
{
	str_hex(buf, c.b, COID_SIZE);
}

/* The finaliser of splitmix64: every input bit reaches every output bit. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

struct coid coid_make(uint64_t bot, int64_t bar_time, unsigned seq,
		      unsigned attempt)
{
	uint64_t h[2] = { 0x6f7263682d636f69u, 0x2d6f726465722d31u };
	const uint64_t in[4] = { bot, (uint64_t)bar_time, seq, attempt };
	struct coid c;

	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		h[0] = mix(h[0] ^ in[i]);
		h[1] = mix(h[1] + h[0] + in[i]);
	}
	for (size_t i = 0; i < COID_SIZE; i++)
		c.b[i] = (uint8_t)(h[i / 8] >> (56 - 8 * (i % 8)));
	return c;
}

/* ---- the calls ----------------------------------------------------------- */

static const struct xchg_ops *ops_of(const struct xchg *x)
{
	assert(x->magic == XCHG_MAGIC);
	return x->ops;
}

int xchg_attach(struct xchg *x, uint64_t epoch, struct err *err)
{
	return ops_of(x)->attach(x, epoch, err);
}

static int all_acks(struct xchg_ack *ack, size_t n, enum xchg_outcome how,
		    const char *why, int rc)
{
	for (size_t i = 0; i < n; i++) {
		ack[i] = (struct xchg_ack){ .outcome = how };
		memccpy(ack[i].reason, why, '\0', sizeof(ack[i].reason) - 1);
	}
	return rc;
}

int xchg_submit(struct xchg *x, const struct xchg_req *req, size_t n,
		struct xchg_ack *ret_ack, struct err *err)
{
	int rc;

	/* Either side of the exchange's own act the answer may be lost. */
	if (FAULT("xchg.submit"))
		return all_acks(ret_ack, n, XR_UNCERTAIN, "connection lost",
				FAIL(err, E_UNCERTAIN, "submit: connection lost"));
	rc = ops_of(x)->submit(x, req, n, ret_ack, err);
	if (FAULT("xchg.answer"))
		return all_acks(ret_ack, n, XR_UNCERTAIN, "no answer",
				FAIL(err, E_UNCERTAIN, "submit: no answer"));
	return rc;
}

int xchg_query(struct xchg *x, struct coid coid, struct xchg_report *ret,
	       struct err *err)
{
	if (FAULT("xchg.query"))
		return FAIL(err, E_EXCHANGE, "query: no answer");
	return ops_of(x)->query(x, coid, ret, err);
}

int xchg_open_orders(struct arena *out, struct xchg *x,
		     struct xchg_report **ret, size_t *ret_n, struct err *err)
{
	if (FAULT("xchg.open_orders"))
		return FAIL(err, E_EXCHANGE, "open orders: no answer");
	return ops_of(x)->open_orders(out, x, ret, ret_n, err);
}

int xchg_fills_since(struct arena *out, struct xchg *x, uint64_t after,
		     struct xchg_fill **ret, size_t *ret_n, struct err *err)
{
	if (FAULT("xchg.fills"))
		return FAIL(err, E_EXCHANGE, "fills: no answer");
	return ops_of(x)->fills_since(out, x, after, ret, ret_n, err);
}

int xchg_balances(struct arena *out, struct xchg *x, struct xchg_balance **ret,
		  size_t *ret_n, struct err *err)
{
	return ops_of(x)->balances(out, x, ret, ret_n, err);
}
