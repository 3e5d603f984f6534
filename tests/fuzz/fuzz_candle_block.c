#include "config.h"

#include "core/arena.h"
#include "fuzz.h"
#include "market/market_i.h"

/* Blocks of candles: the first two bytes are their number, the rest the block.
 * What can be decoded is decoded alike in both ways, and encodes again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)256 << 20);
	struct block_room *room = block_room(a);
	size_t n = size >= 2 ? (size_t)data[0] | (size_t)data[1] << 8 : 0;
	struct str b = size >= 2 ? str_n((const char *)data + 2, size - 2) :
		str_n("", 0);
	struct xcandle *x, *back;
	struct candles cs;
	struct err err;
	int rc;

	n = n <= BLOCK_CANDLES ? n : BLOCK_CANDLES + 1;
	x = NEW_N(a, struct xcandle, n + 1);
	back = NEW_N(a, struct xcandle, n + 1);
	candles_alloc(a, &cs, n);
	rc = block_decode_exact(room, b, n, x, &err);
	promise("both ways agree whether it is a block",
		(block_decode(room, b, n, &cs, 0, &err) == 0) == (rc == 0));
	promise("what is none is told as such", rc == 0 || rc == -E_BUG);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct candle c = xcandle_double(&x[i]), d = candles_at(&cs, i);

		promise("both ways agree", memcmp(&c, &d, sizeof(c)) == 0);
		promise("times rise", i == 0 || x[i - 1].t < x[i].t);
	}
	if (rc == 0) {
		struct str again = block_encode(a, x, n);

		promise("it encodes again",
			block_decode_exact(room, again, n, back, &err) == 0);
		for (size_t i = 0; i < n; i++)
			promise("as the same", xcandle_same(&x[i], &back[i]));
	}
	arena_free(&a);
	return 0;
}
