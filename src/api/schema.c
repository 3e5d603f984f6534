#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/schema.h"

/* Where in the document; texts are made only when something is wrong. */
struct at {
	const struct at *parent;
	const char *name;
	size_t index;
};

static void at_add(char *b, size_t size, const struct at *at)
{
	size_t n;

	if (at->parent != NULL)
		at_add(b, size, at->parent);
	n = strlen(b);
	if (at->name == NULL)
		snprintf(b + n, size - n, "[%zu]", at->index);
	else
		snprintf(b + n, size - n, "%s%s", n > 0 ? "." : "", at->name);
}

static int wrong(struct err *err, const struct at *at, const char *wanted,
		 const struct json *j)
{
	char where[120] = "";

	at_add(where, sizeof(where), at);
	return FAIL(err, E_INVAL, "%s: wanted %s, not %s", where, wanted,
		    j != NULL ? json_type_name(json_type(j)) : "nothing");
}

static int check(const struct schema *s, const struct json *j, bool null_ok,
		 const struct at *at, struct err *err);

static int check_obj(const struct schema *s, const struct json *j,
		     const struct at *at, struct err *err)
{
	const struct json *v;
	struct str key;
	size_t known = 0;

	for (size_t i = 0; i < s->n_fields; i++) {
		const struct field *f = &s->fields[i];
		struct at here = { at, f->name, 0 };
		int rc;

		v = json_get(j, f->name);
		if (v == NULL) {
			if (f->optional)
				continue;
			return wrong(err, &here, "a value", NULL);
		}
		known++;
		rc = check(f->schema, v, f->null_ok, &here, err);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; known != json_len(j) && json_member(j, i, &key, &v);
	     i++) {
		bool found = false;

		for (size_t k = 0; k < s->n_fields && !found; k++)
			found = str_eqc(key, s->fields[k].name);
		if (!found)
			return FAIL(err, E_INVAL, "%s has a field \"%.*s\" "
				    "that its schema does not have",
				    s->name != NULL ? s->name : "an object",
				    STR_ARG(key));
	}
	return 0;
}

static int check_each(const struct schema *item, const struct json *j,
		      const struct at *at, struct err *err)
{
	for (size_t i = 0; i < json_len(j); i++) {
		struct at here = { at, NULL, i };
		int rc = check(item, json_at(j, i), false, &here, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_list(const struct schema *s, const struct json *j,
		      const struct at *at, struct err *err)
{
	const struct schema array = { .type = S_ARR, .item = s->item };
	const struct field fields[] = {
		FIELD("items", &array, ""), FIELD_NULL("next", &sc_str, ""),
	};
	const struct schema list = OBJECT("List", fields, "");

	return check_obj(&list, j, at, err);
}

static int check_map(const struct schema *s, const struct json *j,
		     const struct at *at, struct err *err)
{
	const struct json *v;
	struct str key;

	for (size_t i = 0; json_member(j, i, &key, &v); i++) {
		struct at here = { at, "*", 0 };
		int rc = check(s->item, v, false, &here, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool is_enum(const struct schema *s, const struct json *j)
{
	struct str text;

	if (!json_str(j, &text))
		return false;
	for (size_t i = 0; s->names[i] != NULL; i++)
		if (str_eqc(text, s->names[i]))
			return true;
	return false;
}

static bool is_money(const struct json *j)
{
	struct str text;
	struct quote v;

	return json_str(j, &text) && quote_parse_n(&v, text.p, text.n);
}

static int check(const struct schema *s, const struct json *j, bool null_ok,
		 const struct at *at, struct err *err)
{
	enum json_type t = json_type(j);
	int64_t i;

	if (t == JSON_NULL && (null_ok || s->null_ok || s->type == S_ANY))
		return 0;
	switch (s->type) {
	case S_STR:
		return t == JSON_STR ? 0 : wrong(err, at, "text", j);
	case S_INT:
	case S_TIME:
		return json_i64(j, &i) ? 0 : wrong(err, at, "an integer", j);
	case S_ID:
		return json_i64(j, &i) && i >= 1 ? 0 :
		       wrong(err, at, "an id", j);
	case S_NUM:
		return t == JSON_NUM ? 0 : wrong(err, at, "a number", j);
	case S_BOOL:
		return t == JSON_BOOL ? 0 : wrong(err, at, "a bool", j);
	case S_MONEY:
		return is_money(j) ? 0 : wrong(err, at, "decimal text", j);
	case S_ENUM:
		return is_enum(s, j) ? 0 : wrong(err, at, "a listed name", j);
	case S_OBJ:
		return t == JSON_OBJ ? check_obj(s, j, at, err) :
		       wrong(err, at, "an object", j);
	case S_ARR:
		return t == JSON_ARR ? check_each(s->item, j, at, err) :
		       wrong(err, at, "an array", j);
	case S_LIST:
		return t == JSON_OBJ ? check_list(s, j, at, err) :
		       wrong(err, at, "a list", j);
	case S_MAP:
		return t == JSON_OBJ ? check_map(s, j, at, err) :
		       wrong(err, at, "an object", j);
	case S_ANY:
		return 0;
	}
	return FAIL(err, E_BUG, "a schema without type");
}

int schema_check(const struct schema *s, const struct json *j, struct err *err)
{
	const struct at top = { NULL, "answer", 0 };

	return check(s, j, false, &top, err);
}
