#include "config.h"

#include <string.h>

#include "test.h"

#include "api/param.h"

enum side { BUY, SELL };
static const char *const sides[] = { "buy", "sell", NULL };

struct leg_in { struct str name; int64_t n; };
struct nest_in { double ratio; };
struct in {
	struct str name, note, code;
	uint64_t market_id, big;
	int64_t n, when;
	bool has_n;
	double speed;
	bool fast;
	int side;
	struct quote money;
	struct price price;
	void *nest;
	struct list_in legs, tags;
	const struct json *inputs;
	struct page page;
};

static const struct param leg_params[] = {
	PARAM(struct leg_in, name, P_STR, "name", .required = true, .min = 1,
	      .max = 4),
	PARAM(struct leg_in, n, P_I64, "count", .min = -5, .max = 5, .def = 3),
};
static const struct params leg = PARAMS(struct leg_in, leg_params);
static const struct param nest_params[] = {
	PARAM(struct nest_in, ratio, P_F64, "share", .required = true,
	      .max = 1),
};
static const struct params nest = PARAMS(struct nest_in, nest_params);
static const struct param body_params[] = {
	PARAM(struct in, name, P_STR, "name", .required = true, .min = 1,
	      .max = 8),
	PARAM(struct in, note, P_TEXT, "many lines", .nullable = true),
	PARAM(struct in, market_id, P_ID, "market", .required = true),
	PARAM(struct in, big, P_U64, "a large one"),
	PARAM(struct in, n, P_I64, "count", .min = -3, .max = 9, .def = 7,
	      HAS(struct in, has_n)),
	PARAM(struct in, when, P_TIME, "time"),
	PARAM(struct in, speed, P_F64, "speed", .max = 100, .def = 1),
	PARAM(struct in, fast, P_BOOL, "fast", .def = 1),
	PARAM(struct in, side, P_ENUM, "side", .names = sides, .def = SELL),
	PARAM(struct in, money, P_QUOTE, "money", .min = 1, .max = 1000,
	      .def_text = "10.5"),
	PARAM(struct in, price, P_PRICE, "price", .positive = true),
	PARAM(struct in, nest, P_OBJ, "nested", .sub = &nest),
	PARAM(struct in, legs, P_ARR, "legs", .sub = &leg, .max = 2),
	PARAM(struct in, tags, P_ARR, "tags", .item = P_STR),
	PARAM(struct in, inputs, P_JSON, "free"),
	PARAM(struct in, code, P_STR, "plain", .ascii = true),
};
static const struct params body = PARAMS(struct in, body_params);
static const struct param query_params[] = {
	PAGE_PARAMS(struct in, page),
	PARAM(struct in, name, P_STR, "name"),
	PARAM(struct in, fast, P_BOOL, "fast"),
	PARAM(struct in, side, P_ENUM, "side", .names = sides, .def = -1),
};
static const struct params query = PARAMS(struct in, query_params);

static struct arena *a;
static struct field_errors fe;
static struct err err;

static int setup(void **state)
{
	(void)state;
	a = arena_new("test", 1 << 20);
	memset(&fe, 0, sizeof(fe));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static int decode(const char *text, struct in *in)
{
	memset(in, 0, sizeof(*in));
	memset(&fe, 0, sizeof(fe));
	return params_body(a, &body, str_c(text), in, &fe, &err);
}

/* Refused, with exactly this fault first. */
static void refused(const char *text, const char *field, const char *detail)
{
	struct in in;

	assert_int_equal(decode(text, &in), -E_INVAL);
	assert_true(fe.n >= 1);
	assert_string_equal(fe.v[0].field, field);
	assert_non_null(strstr(fe.v[0].detail, detail));
}

static void a_body_becomes_a_typed_struct(void **state)
{
	struct in in;
	const struct leg_in *l;
	char text[MONEY_TEXT_MAX];

	(void)state;
	assert_int_equal(decode("{\"name\":\"h\u00e9llo\",\"note\":\"a\\nb\","
		"\"market_id\":7,\"big\":9007199254740993,\"n\":-3,"
		"\"when\":1700000000000,\"speed\":2.5,\"fast\":false,"
		"\"side\":\"buy\",\"money\":\"12.000000000000000001\","
		"\"price\":\"0.5\",\"nest\":{\"ratio\":0.25},"
		"\"legs\":[{\"name\":\"x\"},{\"name\":\"y\",\"n\":-5}],"
		"\"tags\":[\"one\",\"two\"],\"inputs\":{\"len\":5}}", &in), 0);
	assert_true(str_eqc(in.name, "h\u00e9llo"));
	assert_true(str_eqc(in.note, "a\nb"));
	assert_int_equal(in.market_id, 7);
	assert_true(in.big == 9007199254740993u);
	assert_int_equal(in.n, -3);
	assert_true(in.has_n);
	assert_int_equal(in.when, 1700000000000);
	assert_true(in.speed == 2.5);
	assert_false(in.fast);
	assert_int_equal(in.side, BUY);
	quote_format(text, in.money);
	assert_string_equal(text, "12.000000000000000001");
	assert_true(((struct nest_in *)in.nest)->ratio == 0.25);
	assert_int_equal(in.legs.n, 2);
	l = in.legs.v;
	assert_true(str_eqc(l[1].name, "y"));
	assert_int_equal(l[0].n, 3);
	assert_int_equal(l[1].n, -5);
	assert_int_equal(in.tags.n, 2);
	assert_true(str_eqc(((struct str *)in.tags.v)[1], "two"));
	assert_int_equal(json_len(in.inputs), 1);
}

static void what_is_absent_has_its_default(void **state)
{
	struct in in;
	char text[MONEY_TEXT_MAX];

	(void)state;
	assert_int_equal(decode("{\"name\":\"x\",\"market_id\":1}", &in), 0);
	assert_int_equal(in.n, 7);
	assert_false(in.has_n);
	assert_true(in.fast);
	assert_int_equal(in.side, SELL);
	assert_true(in.speed == 1.0);
	assert_null(in.note.p);
	assert_null(in.nest);
	assert_null(in.inputs);
	assert_int_equal(in.legs.n, 0);
	quote_format(text, in.money);
	assert_string_equal(text, "10.5");
	assert_int_equal(decode("{\"name\":\"x\",\"market_id\":1,"
				"\"note\":null}", &in), 0);
	assert_null(in.note.p);
}

static void faults_are_named(void **state)
{
	(void)state;
	refused("{\"market_id\":1}", "name", "is required");
	refused("{\"name\":\"x\",\"market_id\":1,\"role\":\"admin\"}", "role",
		"is not a member");
	refused("{\"name\":\"x\",\"market_id\":\"1\"}", "market_id",
		"must be");
	refused("{\"name\":\"x\",\"market_id\":0}", "market_id", "at least 1");
	refused("{\"name\":\"x\",\"market_id\":1.5}", "market_id", "integer");
	refused("{\"name\":\"x\",\"market_id\":-1}", "market_id", "integer");
	refused("{\"name\":\"\",\"market_id\":1}", "name", "1 to 8 characters");
	refused("{\"name\":\"123456789\",\"market_id\":1}", "name",
		"1 to 8 characters");
	refused("{\"name\":\"a\\nb\",\"market_id\":1}", "name", "control");
	refused("{\"name\":null,\"market_id\":1}", "name", "must be");
	refused("{\"name\":\"x\",\"market_id\":1,\"n\":10}", "n",
		"from -3 to 9");
	refused("{\"name\":\"x\",\"market_id\":1,\"n\":9223372036854775808}",
		"n", "integer");
	refused("{\"name\":\"x\",\"market_id\":1,\"when\":-1}", "when",
		"at least 0");
	refused("{\"name\":\"x\",\"market_id\":1,\"speed\":100.5}", "speed",
		"from 0 to 100");
	refused("{\"name\":\"x\",\"market_id\":1,\"fast\":1}", "fast",
		"must be");
	refused("{\"name\":\"x\",\"market_id\":1,\"side\":\"hold\"}", "side",
		"one of buy, sell");
	refused("{\"name\":\"x\",\"market_id\":1,\"money\":12}", "money",
		"must be");
	refused("{\"name\":\"x\",\"market_id\":1,\"money\":\"1e3\"}", "money",
		"decimal");
	refused("{\"name\":\"x\",\"market_id\":1,\"money\":\"0.99\"}", "money",
		"at least 1");
	refused("{\"name\":\"x\",\"market_id\":1,\"money\":\"1000.1\"}",
		"money", "at most 1000");
	refused("{\"name\":\"x\",\"market_id\":1,\"price\":\"0\"}", "price",
		"more than zero");
	refused("{\"name\":\"x\",\"market_id\":1,\"inputs\":[]}", "inputs",
		"must be");
	refused("{\"name\":\"x\",\"market_id\":1,\"code\":\"\u00e9\"}", "code",
		"must be ASCII");
	refused("[]", "", "JSON object");
	refused("{\"name\":\"x\",\"market_id\":1", "", "");
	refused("{\"name\":\"x\",\"name\":\"y\",\"market_id\":1}", "", "");
}

static void places_within_a_body_are_named(void **state)
{
	struct in in;

	(void)state;
	refused("{\"name\":\"x\",\"market_id\":1,\"legs\":[{\"name\":\"x\"},"
		"{\"name\":\"y\",\"n\":6}]}", "legs[1].n", "from -5 to 5");
	refused("{\"name\":\"x\",\"market_id\":1,\"legs\":[{}]}",
		"legs[0].name", "required");
	refused("{\"name\":\"x\",\"market_id\":1,\"legs\":[3]}", "legs[0]",
		"must be an object");
	refused("{\"name\":\"x\",\"market_id\":1,\"legs\":[{\"name\":\"x\"},"
		"{\"name\":\"y\"},{\"name\":\"z\"}]}", "legs", "0 to 2");
	refused("{\"name\":\"x\",\"market_id\":1,\"tags\":[\"a\",1]}",
		"tags[1]", "must be");
	refused("{\"name\":\"x\",\"market_id\":1,\"nest\":{\"ratio\":2}}",
		"nest.ratio", "from 0 to 1");
	refused("{\"name\":\"x\",\"market_id\":1,\"nest\":{\"ratio\":1,"
		"\"x\":1}}", "nest.x", "is not a member");
	/* All of them at once, and no more than there is room for. */
	assert_int_equal(decode("{\"n\":10,\"speed\":-1,\"zzz\":1}", &in),
			 -E_INVAL);
	assert_int_equal(fe.n, 5);
}

static void a_long_foreign_name_is_cut_at_a_character(void **state)
{
	char text[400] = "{\"name\":\"x\",\"market_id\":1,\"";
	struct in in;

	(void)state;
	strncat(text, "a", 2);
	for (int i = 0; i < 100; i++)
		strncat(text, "\u00e9", 3);
	strncat(text, "\":1}", 5);
	assert_int_equal(decode(text, &in), -E_INVAL);
	assert_int_equal(strlen(fe.v[0].field), 63);
	assert_true(str_utf8_valid(str_c(fe.v[0].field)));
}

static int ask(const char *text, struct in *in)
{
	memset(in, 0, sizeof(*in));
	memset(&fe, 0, sizeof(fe));
	return params_query(a, &query, str_c(text), 5, in, &fe, &err);
}

static void a_query_is_held_to_its_table(void **state)
{
	struct in in;

	(void)state;
	assert_int_equal(ask("", &in), 0);
	assert_int_equal(in.page.limit, 50);
	assert_false(in.page.cursor.set);
	assert_int_equal(in.side, -1);
	assert_int_equal(ask("limit=500&name=a%20b+c&fast=true&side=sell", &in),
			 0);
	assert_int_equal(in.page.limit, 500);
	assert_true(str_eqc(in.name, "a b c"));
	assert_true(in.fast);
	assert_int_equal(in.side, SELL);
	assert_int_equal(ask("limit=501", &in), -E_INVAL);
	assert_int_equal(ask("limit=1&limit=1", &in), -E_INVAL);
	assert_string_equal(fe.v[0].detail, "came more than once");
	assert_int_equal(ask("colour=1", &in), -E_INVAL);
	assert_string_equal(fe.v[0].field, "colour");
	assert_int_equal(ask("fast=1", &in), -E_INVAL);
	assert_int_equal(ask("name=%zz", &in), -E_INVAL);
	assert_int_equal(ask("name=%ff", &in), -E_INVAL);
	assert_int_equal(ask("name=%00", &in), -E_INVAL);
	assert_int_equal(ask("limit=", &in), -E_INVAL);
	assert_int_equal(ask("limit", &in), -E_INVAL);
}

static void a_cursor_comes_back_as_it_went(void **state)
{
	static const int64_t v[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 255 };
	struct cursor c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (size_t k = 0; k < ARRAY_LEN(v); k++) {
			const char *t = cursor_text(a, 5, v[i], v[k]);

			assert_true(cursor_parse(str_c(t), 5, &c));
			assert_true(c.set && c.a == v[i] && c.b == v[k]);
		}
}

static void a_cursor_of_another_list_or_an_edited_one_is_refused(void **state)
{
	const char *t = cursor_text(a, 5, 77, 12);
	struct cursor c;
	struct in in;

	(void)state;
	assert_false(cursor_parse(str_c(t), 6, &c));
	for (size_t i = 0; i < strlen(t); i++)
		for (const char *s = "Ab0_-"; *s != '\0'; s++) {
			char *edit = arena_strdup(a, t);

			if (edit[i] == *s)
				continue;
			edit[i] = *s;
			assert_false(cursor_parse(str_c(edit), 5, &c));
		}
	assert_false(cursor_parse(str_n(t, 26), 5, &c));
	assert_false(cursor_parse(STR(""), 5, &c));
	assert_int_equal(ask(arena_printf(a, "cursor=%s", t), &in), 0);
	assert_int_equal(in.page.cursor.a, 77);
	assert_int_equal(ask("cursor=abc", &in), -E_INVAL);
}

static void a_path_parameter_is_checked_too(void **state)
{
	static const struct param v[] = {
		PARAM(struct in, market_id, P_ID, "market"),
	};
	static const struct params p = PARAMS(struct in, v);
	struct str seg = STR("12");
	struct in in = { .n = 0 };

	(void)state;
	assert_int_equal(params_path(a, &p, &seg, 1, &in, &fe, &err), 0);
	assert_int_equal(in.market_id, 12);
	seg = STR("12x");
	assert_int_equal(params_path(a, &p, &seg, 1, &in, &fe, &err), -E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_body_becomes_a_typed_struct),
		T(what_is_absent_has_its_default),
		T(faults_are_named),
		T(places_within_a_body_are_named),
		T(a_long_foreign_name_is_cut_at_a_character),
		T(a_query_is_held_to_its_table),
		T(a_cursor_comes_back_as_it_went),
		T(a_cursor_of_another_list_or_an_edited_one_is_refused),
		T(a_path_parameter_is_checked_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
