#include "config.h"

#include "fuzz.h"
#include "api/param.h"

/* A query string is decoded within the limits of its table or refused; a
 * cursor that is taken is one that was given. */

#define SALT 77

struct in {
	struct page page;
	struct str q;
	uint64_t bot;
	int level;
	bool all;
	int64_t from;
};
static const char *const levels[] = { "info", "error", NULL };
static const struct param rows[] = {
	PAGE_PARAMS(struct in, page),
	PARAM(struct in, q, P_STR, "", .max = 20),
	PARAM(struct in, bot, P_ID, ""),
	PARAM(struct in, level, P_ENUM, "", .names = levels, .def = -1),
	PARAM(struct in, all, P_BOOL, ""),
	PARAM(struct in, from, P_TIME, ""),
};
static const struct params query = PARAMS(struct in, rows);

static void check(struct arena *a, const struct in *in, struct str text)
{
	promise("in range", in->page.limit >= 1 && in->page.limit <= 500 &&
		in->q.n <= 80 && in->level >= -1 && in->level <= 1 &&
		in->from >= 0);
	promise("text", in->q.p == NULL || str_utf8_valid(in->q));
	for (size_t i = 0; i < in->q.n; i++)
		promise("one line", (unsigned char)in->q.p[i] >= 0x20);
	if (in->page.cursor.set)
		promise("a cursor of ours", str_contains(text, "%") ||
			str_contains(text, cursor_text(a, SALT,
						       in->page.cursor.a,
						       in->page.cursor.b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	struct str text = str_n((const char *)data, size);
	struct field_errors fe = { .n = 0 };
	struct in *in = NEW(a, struct in);
	struct cursor c = { .set = false };
	struct err err = { 0 };

	if (params_query(a, &query, text, SALT, in, &fe, &err) == 0) {
		promise("no fault with success", fe.n == 0);
		check(a, in, text);
	} else {
		promise("a sentence", err.msg[0] != '\0');
	}
	for (size_t i = 0; i < fe.n; i++)
		promise("faults are text", str_utf8_valid(str_c(fe.v[i].field)));
	if (cursor_parse(text, SALT, &c))
		promise("one spelling only",
			str_eqc(text, cursor_text(a, SALT, c.a, c.b)));
	arena_free(&a);
	return 0;
}
