#ifndef TESTS_FUZZ_IMPORT_H
#define TESTS_FUZZ_IMPORT_H
/* fuzz_import.h - what an importer promises, whatever the file. */
#include <inttypes.h>

#include "core/sbuf.h"
#include "fuzz.h"
#include "market/import.h"

#define NOW INT64_C(4102444800000)	/* 2100-01-01 */

/* Written as CSV they read back as the same candles. */
static inline void promise_round_trip(struct arena *a, const struct import *im)
{
	struct import again;
	struct sbuf b;
	struct err err;

	sbuf_init(&b, a, 64u << 20);
	sbuf_addf(&b, "timestamp_ms,open,high,low,close,volume\n");
	for (size_t i = 0; i < im->n; i++) {
		const struct xcandle *x = &im->rows[i];

		sbuf_addf(&b, "%" PRId64, x->t);
		for (int k = 0; k < X__N; k++) {
			char text[DEC_TEXT_MAX];

			dec_format(text, (struct dec){ x->m[k], x->d[k] });
			sbuf_addf(&b, ",%s", text);
		}
		sbuf_addf(&b, "\n");
	}
	/* Small numbers would be taken for seconds. */
	if (im->n == 0 || im->rows[0].t < INT64_C(100000000000) ||
	    im->rows[im->n - 1].t >= INT64_C(100000000000000))
		return;
	import_init(&again, a, im->tf, "BTC", NOW);
	promise("what was read can be written and read",
		import_bytes(&again, "again", b.buf, b.len, &err) == 0 &&
		import_finish(&again, 0, &err) == 0 && again.n == im->n);
	for (size_t i = 0; i < im->n; i++)
		promise("and is the same", xcandle_same(&im->rows[i],
							&again.rows[i]));
}

static inline void promise_import(const uint8_t *data, size_t size, enum tf tf,
				  unsigned flags)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	struct import im;
	struct err err = { 0 };
	int rc;

	import_init(&im, a, tf, "BTC", NOW);
	rc = import_bytes(&im, "file", data, size, &err);
	if (rc == 0)
		rc = import_finish(&im, flags, &err);
	promise("a failure has a code and a sentence",
		rc == 0 || (rc == -(int)err.code && err.msg[0] != '\0'));
	promise("it is never a bug", rc != -E_BUG);
	if (rc == 0) {
		promise("there are candles", im.n > 0 && tf_valid(im.tf));
		promise("none is broken, or it was asked to leave them out",
			im.broken == 0 || (flags & IMPORT_SKIP_BROKEN));
		for (size_t i = 0; i < im.n; i++) {
			promise("each is sound", xcandle_check(&im.rows[i],
							       im.tf) == NULL);
			promise("they ascend", i == 0 ||
				im.rows[i - 1].t < im.rows[i].t);
		}
		promise_round_trip(a, &im);
	}
	arena_free(&a);
}

#endif
