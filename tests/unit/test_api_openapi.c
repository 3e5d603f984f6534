#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

#include "api/api.h"

/* The document of all routes is a valid OpenAPI 3.1 document, as far as its
 * structure goes; tests/lint compares it with the committed copy. */

static struct arena *a;
static const struct json *doc;
static struct routes *rs;
static struct str text;

static int make(void **state)
{
	struct err err;

	(void)state;
	a = arena_new("test", 64 << 20);
	if (routes_all(a, &rs, &err) < 0 ||
	    openapi_write(a, rs, "1.0", &text, &err) < 0 ||
	    json_parse(a, text.p, text.n, &doc, &err) < 0)
		fail_msg("%s", err.msg);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static const struct json *at(const struct json *j, const char *path)
{
	struct str rest = str_c(path), seg;

	while (str_split(&rest, '/', &seg))
		j = json_get(j, str_dup(a, seg));
	return j;
}

static unsigned refs;

/* Every $ref leads somewhere, at whatever depth. */
static void check_refs(const struct json *j)
{
	const struct json *v;
	struct str key;

	for (size_t i = 0; json_type(j) == JSON_ARR && i < json_len(j); i++)
		check_refs(json_at(j, i));
	for (size_t i = 0; json_member(j, i, &key, &v); i++) {
		if (str_eqc(key, "$ref")) {
			struct str to = json_text(v);

			assert_true(str_starts(to, "#/components/"));
			if (at(doc, to.p + 2) == NULL)
				fail_msg("%s leads nowhere", to.p);
			refs++;
		}
		check_refs(v);
	}
}

static void references_lead_somewhere(void **state)
{
	(void)state;
	refs = 0;
	check_refs(doc);
	assert_true(refs > 50);
}

static bool is_type(struct str s)
{
	static const char *const all[] = { "string", "integer", "number",
					   "boolean", "object", "array",
					   "null" };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (str_eqc(s, all[i]))
			return true;
	return false;
}

static void check_schema(const struct json *s);

static void check_object(const struct json *s)
{
	const struct json *props = json_get(s, "properties"), *v;
	const struct json *req = json_get(s, "required");
	struct str key;

	for (size_t i = 0; json_member(props, i, &key, &v); i++)
		check_schema(v);
	for (size_t i = 0; i < json_len(req); i++)
		assert_non_null(json_get(props, json_text(json_at(req, i)).p));
}

/* Only the keywords that mean something, of the types they mean it for. */
static void check_schema(const struct json *s)
{
	const struct json *t = json_get(s, "type"), *v;

	assert_int_equal(json_type(s), JSON_OBJ);
	if (json_type(t) == JSON_STR)
		assert_true(is_type(json_text(t)));
	for (size_t i = 0; json_type(t) == JSON_ARR && i < json_len(t); i++)
		assert_true(is_type(json_text(json_at(t, i))));
	if (t != NULL && str_eqc(json_text(t), "array"))
		assert_non_null(json_get(s, "items"));
	v = json_get(s, "items");
	if (v != NULL)
		check_schema(v);
	v = json_get(s, "oneOf");
	for (size_t i = 0; v != NULL && i < json_len(v); i++)
		check_schema(json_at(v, i));
	if (json_get(s, "properties") != NULL)
		check_object(s);
}

static void component_schemas_are_whole(void **state)
{
	const struct json *all = at(doc, "components/schemas"), *s;
	struct str name;
	size_t i;

	(void)state;
	for (i = 0; json_member(all, i, &name, &s); i++) {
		assert_non_null(json_get(s, "description"));
		check_schema(s);
	}
	assert_true(i >= 15);
	assert_non_null(json_get(all, "Problem"));
}

static unsigned braces(struct str path)
{
	unsigned n = 0;

	for (size_t i = 0; i < path.n; i++)
		n += path.p[i] == '{';
	return n;
}

static void check_parameters(struct str path, const struct json *op)
{
	const struct json *list = json_get(op, "parameters"), *p;
	unsigned in_path = 0;
	bool yes;

	for (size_t i = 0; i < json_len(list); i++) {
		p = json_at(list, i);
		if (json_get(p, "$ref") != NULL)
			continue;
		check_schema(json_get(p, "schema"));
		assert_non_null(json_get(p, "description"));
		if (!str_eqc(json_text(json_get(p, "in")), "path"))
			continue;
		in_path++;
		assert_true(json_bool(json_get(p, "required"), &yes) && yes);
		assert_true(str_contains(path, arena_printf(a, "{%s}",
				json_text(json_get(p, "name")).p)));
	}
	assert_int_equal(in_path, braces(path));
}

static void check_responses(const struct json *op)
{
	const struct json *all = json_get(op, "responses"), *v, *media;
	struct str code, type;
	unsigned good = 0;

	for (size_t i = 0; json_member(all, i, &code, &v); i++) {
		good += code.p[0] == '2';
		if (json_get(v, "$ref") != NULL)
			continue;
		assert_non_null(json_get(v, "description"));
		v = json_get(v, "content");
		for (size_t k = 0; json_member(v, k, &type, &media); k++)
			check_schema(json_get(media, "schema"));
	}
	assert_int_equal(good, 1);
	assert_non_null(json_get(all, "default"));
}

static void every_route_is_an_operation_and_nothing_else_is(void **state)
{
	const struct json *paths = json_get(doc, "paths"), *item, *op;
	struct str path, method;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; json_member(paths, i, &path, &item); i++)
		for (size_t k = 0; json_member(item, k, &method, &op); k++) {
			assert_non_null(json_get(op, "operationId"));
			assert_non_null(json_get(op, "summary"));
			assert_int_equal(json_type(json_get(op, "security")),
					 JSON_ARR);
			check_parameters(path, op);
			check_responses(op);
			n++;
		}
	assert_int_equal(n, routes_len(rs));
	assert_non_null(at(json_get(paths, "/api/v1/login"), "post"));
}

static void security_schemes_exist(void **state)
{
	const struct json *paths = json_get(doc, "paths"), *item, *op, *v;
	struct str path, method, name;

	(void)state;
	for (size_t i = 0; json_member(paths, i, &path, &item); i++)
		for (size_t k = 0; json_member(item, k, &method, &op); k++) {
			const struct json *s = json_get(op, "security");

			for (size_t x = 0; x < json_len(s); x++)
				for (size_t y = 0; json_member(json_at(s, x),
						y, &name, &v); y++)
					assert_non_null(json_get(at(doc,
						"components/securitySchemes"),
						name.p));
		}
}

static void the_same_tables_give_the_same_bytes(void **state)
{
	struct str again;
	struct err err;

	(void)state;
	assert_int_equal(openapi_write(a, rs, "1.0", &again, &err), 0);
	assert_true(str_eq(text, again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_lead_somewhere),
		cmocka_unit_test(component_schemas_are_whole),
		cmocka_unit_test(every_route_is_an_operation_and_nothing_else_is),
		cmocka_unit_test(security_schemes_exist),
		cmocka_unit_test(the_same_tables_give_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
