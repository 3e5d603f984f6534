#include "config.h"

#include "fuzz.h"
#include "api/param.h"

/* A body is decoded within the limits of its table, or refused with the
 * faults of its fields; both can be shown as JSON. */

struct leg_in { struct str name; int64_t n; };
struct in {
	struct str name, note, code;
	uint64_t id, big;
	int64_t n, when;
	double speed;
	bool fast;
	int side;
	struct quote money;
	struct price price;
	struct qty qty;
	void *leg;
	struct list_in legs, tags;
	const struct json *inputs, *any;
};

static const char *const sides[] = { "buy", "sell", NULL };
static const struct param leg_params[] = {
	PARAM(struct leg_in, name, P_STR, "", .required = true, .max = 4),
	PARAM(struct leg_in, n, P_I64, "", .min = -5, .max = 5),
};
static const struct params leg = PARAMS(struct leg_in, leg_params);
static const struct param rows[] = {
	PARAM(struct in, name, P_STR, "", .required = true, .min = 1,
	      .max = 8),
	PARAM(struct in, note, P_TEXT, "", .nullable = true),
	PARAM(struct in, code, P_STR, "", .ascii = true),
	PARAM(struct in, id, P_ID, ""),
	PARAM(struct in, big, P_U64, "", .max = 1000),
	PARAM(struct in, n, P_I64, "", .min = -3, .max = 9),
	PARAM(struct in, when, P_TIME, ""),
	PARAM(struct in, speed, P_F64, "", .max = 100),
	PARAM(struct in, fast, P_BOOL, ""),
	PARAM(struct in, side, P_ENUM, "", .names = sides, .def = -1),
	PARAM(struct in, money, P_QUOTE, "", .min = 1, .max = 1000,
	      .def_text = "1"),
	PARAM(struct in, price, P_PRICE, "", .positive = true),
	PARAM(struct in, qty, P_QTY, "", .min = -1),
	PARAM(struct in, leg, P_OBJ, "", .sub = &leg),
	PARAM(struct in, legs, P_ARR, "", .sub = &leg, .max = 3),
	PARAM(struct in, tags, P_ARR, "", .item = P_ENUM, .names = sides),
	PARAM(struct in, inputs, P_JSON, ""),
	PARAM(struct in, any, P_ANY, ""),
};
static const struct params body = PARAMS(struct in, rows);

static bool control(struct str s, bool lines)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && !(lines && strchr("\n\r\t", c))) || c == 0x7f)
			return true;
	}
	return false;
}

static void check_leg(const struct leg_in *l)
{
	promise("a leg in range", l->n >= -5 && l->n <= 5 &&
		l->name.p != NULL && l->name.n <= 16);
}

static void check(const struct in *in)
{
	const struct leg_in *l = in->legs.v;
	const int *tag = in->tags.v;

	promise("text in range", in->name.p != NULL && in->name.n >= 1 &&
		in->name.n <= 32 && str_utf8_valid(in->name));
	promise("one line", !control(in->name, false) &&
		!control(in->note, true));
	for (size_t i = 0; i < in->code.n; i++)
		promise("ASCII", (in->code.p[i] & 0x80) == 0);
	promise("numbers in range", in->big <= 1000 && in->n >= -3 &&
		in->n <= 9 && in->when >= 0 && in->speed >= 0 &&
		in->speed <= 100);
	promise("a listed name", in->side >= -1 && in->side <= 1);
	promise("money in range", quote_to_double(in->money) >= 1 &&
		quote_to_double(in->money) <= 1000 &&
		price_sign(in->price) >= 0 && qty_to_double(in->qty) >= -1);
	if (in->leg != NULL)
		check_leg(in->leg);
	promise("as many as allowed", in->legs.n <= 3 && in->tags.n <= 1000);
	for (size_t i = 0; i < in->legs.n; i++)
		check_leg(&l[i]);
	for (size_t i = 0; i < in->tags.n; i++)
		promise("a listed tag", tag[i] == 0 || tag[i] == 1);
	if (in->inputs != NULL)
		promise("an object", json_type(in->inputs) == JSON_OBJ);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	struct field_errors fe = { .n = 0 };
	struct in *in = NEW(a, struct in);
	struct err err = { 0 };
	int rc;

	rc = params_body(a, &body, str_n((const char *)data, size), in, &fe,
			 &err);
	if (rc == 0) {
		promise("no fault with success", fe.n == 0);
		check(in);
	} else {
		promise("a fault that is named", fe.n >= 1);
	}
	for (size_t i = 0; i < fe.n; i++) {
		promise("faults are text", str_utf8_valid(str_c(fe.v[i].field)) &&
			str_utf8_valid(str_c(fe.v[i].detail)));
		promise("and short", strlen(fe.v[i].field) < 600 &&
			strlen(fe.v[i].detail) < 300);
	}
	arena_free(&a);
	return 0;
}
