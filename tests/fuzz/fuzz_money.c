#include "config.h"

#include <math.h>

#include "fuzz.h"
#include "core/money.h"

/* Text to amount to text, rounding and the border to double. */

static const enum round modes[] = { ROUND_DOWN, ROUND_UP, ROUND_FLOOR,
	ROUND_CEIL, ROUND_HALF_UP, ROUND_HALF_EVEN };

__extension__ typedef unsigned __int128 wide;

static wide magnitude(money_raw v)
{
	return v < 0 ? (wide)0 - (wide)v : (wide)v;
}

static void round_trip(struct qty v)
{
	char buf[MONEY_TEXT_MAX];
	size_t n = qty_format(buf, v);
	struct qty back;

	promise("format ends in its room", n < sizeof(buf) && buf[n] == '\0');
	promise("format is read", qty_parse_n(&back, buf, n));
	promise("format is the same", qty_cmp(v, back) == 0);
	promise("to_double is the nearest",
		qty_to_double(v) == strtod(buf, NULL));
}

static void stepped(struct qty v, struct qty step)
{
	struct qty lo, hi, r;

	if (qty_sign(step) <= 0 || !qty_to_step(&lo, v, step, ROUND_FLOOR) ||
	    !qty_to_step(&hi, v, step, ROUND_CEIL))
		return;
	promise("floor <= v <= ceil", qty_cmp(lo, v) <= 0 && qty_cmp(v, hi) <= 0);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		promise("every mode has a result", qty_to_step(&r, v, step, modes[i]));
		promise("floor <= mode <= ceil", qty_cmp(lo, r) <= 0 &&
			qty_cmp(r, hi) <= 0);
	}
}

static void doubled(const uint8_t *data, struct qty step)
{
	struct qty v;
	double x;

	memcpy(&x, data, sizeof(x));
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (!qty_from_double(&v, x, step, modes[i]))
			continue;
		promise("only numbers get in", isfinite(x));
		promise("not further than a step and what a double can say",
			fabs(qty_to_double(v) - x) <=
			qty_to_double(step) * 1.000001 + fabs(x) * 1e-14);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct qty strict, lax, step = qty_from_raw(1);
	struct quote cost;
	struct price p;
	bool ok = qty_parse_n(&strict, text, size);

	if (ok) {
		round_trip(strict);
		promise("an exchange may write it so too",
			qty_parse_exchange(&lax, text, size, ROUND_UP));
		promise("and means the same", qty_cmp(strict, lax) == 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (qty_parse_exchange(&lax, text, size, modes[i]))
			round_trip(lax);
	if (size >= 32) {
		money_raw a, b;

		memcpy(&a, data, sizeof(a));
		memcpy(&b, data + 16, sizeof(b));
		round_trip(qty_from_raw(a));
		stepped(qty_from_raw(a), qty_from_raw(b));
		if (b > 0)
			step = qty_from_raw(b);
		if (notional_price(&p, quote_from_raw(a), qty_from_raw(b), ROUND_DOWN) &&
		    notional(&cost, p, qty_from_raw(b), ROUND_DOWN))
			promise("a / b x b is not above a",
				magnitude(quote_raw(cost)) <= magnitude(a));
	}
	if (size >= 8)
		doubled(data, step);
	return 0;
}
