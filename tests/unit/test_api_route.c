#include "config.h"

#include <string.h>

#include "test.h"

#include "api/api.h"
#include "api/route.h"

static int h_none(struct api_req *r, struct err *err)
{
	(void)r;
	(void)err;
	return 0;
}

#define ROW(m, p, i) { .method = (m), .path = (p), .id = (i), .doc = "does",	\
		       .fn = h_none, .answer = &sc_any }
struct two_in { uint64_t id, order; };
static const struct param two_params[] = {
	PARAM(struct two_in, id, P_ID, "bot"),
	PARAM(struct two_in, order, P_ID, "order"),
};
static const struct params two_path = PARAMS(struct two_in, two_params);

static const struct route some[] = {
	ROW(M_POST, "/api/v1/bots", "makeBot"),
	{ .method = M_GET, .path = "/api/v1/bots/{id}/orders/{order}",
	  .id = "getOrder", .doc = "does", .fn = h_none, .answer = &sc_any,
	  .path_in = &two_path },
	ROW(M_GET, "/api/v1/bots", "listBots"),
	{ .method = M_GET, .path = "/api/v1/bots/{id}", .id = "getBot",
	  .doc = "does", .fn = h_none, .answer = &sc_any, .path_in = &id_path },
	{ .method = M_DELETE, .path = "/api/v1/bots/{id}", .id = "deleteBot",
	  .doc = "does", .fn = h_none, .path_in = &id_path },
};
static const struct route more[] = {
	ROW(M_GET, "/livez", "getLive"),
	ROW(M_POST, "/api/v1/bots/check", "checkBot"),
	ROW(M_GET, "/api/v1/bots/check/all", "checkAll"),
};
static const struct area area_some = AREA(some), area_more = AREA(more);

static struct arena *a;
static struct err err;

static int setup(void **state)
{
	(void)state;
	a = arena_new("test", 4 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static struct routes *made(void)
{
	const struct area *const areas[] = { &area_some, &area_more };
	struct routes *rs;

	assert_int_equal(routes_new(a, areas, 2, &rs, &err), 0);
	return rs;
}

static void rows_are_sorted_by_path_and_method(void **state)
{
	struct routes *rs = made();

	(void)state;
	assert_int_equal(routes_len(rs), 8);
	for (size_t i = 1; i < routes_len(rs); i++) {
		const struct route *x = routes_at(rs, i - 1);
		const struct route *y = routes_at(rs, i);
		int c = strcmp(x->path, y->path);

		assert_true(c < 0 || (c == 0 && x->method < y->method));
	}
}

static void paths_are_found_with_what_stands_in_them(void **state)
{
	struct routes *rs = made();
	struct str in[PATH_SEGMENTS];
	const struct path *p;
	size_t n;

	(void)state;
	p = routes_find(rs, "/api/v1/bots", in, &n);
	assert_string_equal(p->template, "/api/v1/bots");
	assert_int_equal(n, 0);
	assert_string_equal(p->allow, "GET, HEAD, POST");
	assert_string_equal(p->by[M_GET]->id, "listBots");
	assert_null(p->by[M_PATCH]);
	p = routes_find(rs, "/api/v1/bots/17", in, &n);
	assert_string_equal(p->template, "/api/v1/bots/{id}");
	assert_int_equal(n, 1);
	assert_true(str_eqc(in[0], "17"));
	assert_string_equal(p->allow, "GET, HEAD, DELETE");
	p = routes_find(rs, "/api/v1/bots/17/orders/4", in, &n);
	assert_int_equal(n, 2);
	assert_true(str_eqc(in[0], "17") && str_eqc(in[1], "4"));
	p = routes_find(rs, "/livez", in, &n);
	assert_string_equal(p->template, "/livez");
}

static void a_literal_wins_and_gives_way_when_it_leads_nowhere(void **state)
{
	struct routes *rs = made();
	struct str in[PATH_SEGMENTS];
	const struct path *p;
	size_t n;

	(void)state;
	p = routes_find(rs, "/api/v1/bots/check", in, &n);
	assert_string_equal(p->template, "/api/v1/bots/check");
	assert_int_equal(n, 0);
	p = routes_find(rs, "/api/v1/bots/check/orders/2", in, &n);
	assert_string_equal(p->template, "/api/v1/bots/{id}/orders/{order}");
	assert_int_equal(n, 2);
}

static void other_paths_lead_nowhere(void **state)
{
	static const char *const bad[] = {
		"", "/", "/api", "/api/v1/bots/", "/api/v1//bots",
		"//api/v1/bots", "/api/v1/bots/1/orders", "/api/v1/botsx",
		"/api/v1/bot", "/livez/", "/livez/x", "/API/v1/bots",
		"/api/v1/bots/1/orders/2/3", "api/v1/bots",
		"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q",
	};
	struct routes *rs = made();
	struct str in[PATH_SEGMENTS];
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_null(routes_find(rs, bad[i], in, &n));
}

static void path_numbers_count_from_one(void **state)
{
	struct routes *rs = made();

	(void)state;
	assert_int_equal(routes_paths(rs), 6);
	for (unsigned i = 1; i <= routes_paths(rs); i++)
		assert_int_equal(routes_path(rs, i)->number, i);
}

static void refuse(const struct route *v, size_t n, const char *why)
{
	const struct area area = { v, n };
	const struct area *const areas[] = { &area };
	struct routes *rs = NULL;

	assert_int_equal(routes_new(a, areas, 1, &rs, &err), -E_BUG);
	assert_non_null(strstr(err.msg, why));
	assert_null(rs);
}

static void rows_that_contradict_themselves_are_refused(void **state)
{
	const struct route twice[] = {
		ROW(M_GET, "/a", "one"), ROW(M_GET, "/a", "two"),
	};
	const struct route same_id[] = {
		ROW(M_GET, "/a", "one"), ROW(M_GET, "/b", "one"),
	};
	struct route r = ROW(M_GET, "/a", "one");

	(void)state;
	refuse(twice, 2, "twice");
	refuse(same_id, 2, "two routes");
	r.path = "/a/{id}";
	refuse(&r, 1, "not in path_in");
	r.path_in = &two_path;
	refuse(&r, 1, "more names");
	r.path = "/a//b";
	refuse(&r, 1, "path");
	r = (struct route)ROW(M_GET, "/a", "one");
	r.flags = RF_CREATE;
	refuse(&r, 1, "only POST");
	r.flags = 0;
	r.body = &id_path;
	refuse(&r, 1, "a body with GET");
	r.body = NULL;
	r.answer = NULL;
	refuse(&r, 1, "no answer");
	r.answer = &sc_any;
	r.cache_ms = 1;
	r.need = N_ADMIN;
	refuse(&r, 1, "kept");
	r.need = N_PUBLIC;
	r.doc = NULL;
	refuse(&r, 1, "doc");
}

static const char *const colours[] = { "red", "blue", NULL };
static const struct field leaf_fields[] = {
	FIELD("price", &sc_money, ""), FIELD_NULL("at", &sc_time, ""),
	FIELD_OPT("note", &sc_str, ""), FIELD("colour", ENUM_OF(colours), ""),
};
static const struct schema sc_leaf = OBJECT("Leaf", leaf_fields, "A leaf");
static const struct field tree_fields[] = {
	FIELD("id", &sc_id, ""), FIELD("leaves", ARRAY_OF(&sc_leaf), ""),
	FIELD_NULL("top", &sc_leaf, ""), FIELD("n", &sc_num, ""),
	FIELD("ok", &sc_bool, ""), FIELD("any", &sc_any, ""),
	FIELD("map", MAP_OF(&sc_int), ""),
	FIELD("rows", ARRAY_OF(ARRAY_OF(NULL_OR_NUM)), ""),
};
static const struct schema sc_tree = OBJECT("Tree", tree_fields, "A tree");

#define TREE(leaves, rest) "{\"id\":1,\"leaves\":[" leaves "],\"n\":1.5,"	\
	"\"ok\":true,\"any\":null,\"rows\":[[1,null]]," rest "}"
#define LEAF "{\"price\":\"1.5\",\"at\":null,\"colour\":\"red\"}"

static int fits(const struct schema *s, const char *text)
{
	const struct json *j;

	assert_int_equal(json_parse(a, text, strlen(text), &j, &err), 0);
	return schema_check(s, j, &err);
}

static void unfit(const char *text, const char *why)
{
	assert_int_equal(fits(&sc_tree, text), -E_INVAL);
	assert_non_null(strstr(err.msg, why));
}

static void answers_are_held_to_their_schema(void **state)
{
	(void)state;
	assert_int_equal(fits(&sc_tree, TREE(LEAF "," LEAF,
			"\"top\":null,\"map\":{\"a\":1}")), 0);
	unfit(TREE("", "\"top\":null,\"map\":{\"a\":1.5}"), "map.*");
	unfit(TREE("", "\"map\":{}"), "top: wanted a value");
	unfit(TREE("", "\"top\":null,\"map\":{},\"x\":1"), "\"x\"");
	unfit(TREE("{\"price\":1.5,\"at\":null,\"colour\":\"red\"}",
		   "\"top\":null,\"map\":{}"), "leaves[0].price");
	unfit(TREE("{\"price\":\"1.5\",\"at\":1,\"colour\":\"green\"}",
		   "\"top\":null,\"map\":{}"), "leaves[0].colour");
	unfit(TREE("{\"price\":\"1.5\",\"at\":1.5,\"colour\":\"red\"}",
		   "\"top\":null,\"map\":{}"), "leaves[0].at");
	unfit("[]", "an object");
	assert_int_equal(fits(LIST_OF(&sc_leaf),
			      "{\"items\":[" LEAF "],\"next\":null}"), 0);
	assert_int_equal(fits(LIST_OF(&sc_leaf), "{\"items\":[" LEAF "]}"),
			 -E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(rows_are_sorted_by_path_and_method),
		T(paths_are_found_with_what_stands_in_them),
		T(a_literal_wins_and_gives_way_when_it_leads_nowhere),
		T(other_paths_lead_nowhere),
		T(path_numbers_count_from_one),
		T(rows_that_contradict_themselves_are_refused),
		T(answers_are_held_to_their_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
