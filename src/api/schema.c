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

/* Is it of the kind?  Else: what it should have been. */
static bool shape_ok(const struct schema *s, const struct json *j,
		      const char **ret_wanted)
{
	enum json_type t = json_type(j);
	int64_t i;

	switch (s->type) {
	case S_STR:
		*ret_wanted = "text";
		return t == JSON_STR;
	case S_INT:
	case S_TIME:
		*ret_wanted = "an integer";
		return json_i64(j, &i);
	case S_ID:
		*ret_wanted = "an id";
		return json_i64(j, &i) && i >= 1;
	case S_NUM:
		*ret_wanted = "a number";
		return t == JSON_NUM;
	case S_BOOL:
		*ret_wanted = "a bool";
		return t == JSON_BOOL;
	case S_MONEY:
		*ret_wanted = "decimal text";
		return is_money(j);
	case S_ENUM:
		*ret_wanted = "a listed name";
		return is_enum(s, j);
	case S_OBJ:
	case S_LIST:
	case S_MAP:
		*ret_wanted = "an object";
		return t == JSON_OBJ;
	case S_ARR:
		*ret_wanted = "an array";
		return t == JSON_ARR;
	case S_ANY:
		break;
	}
	return true;
}

static int check(const struct schema *s, const struct json *j, bool null_ok,
		 const struct at *at, struct err *err)
{
	const char *wanted = "";

	if (json_type(j) == JSON_NULL && (null_ok || s->null_ok))
		return 0;
	if (!shape_ok(s, j, &wanted))
		return wrong(err, at, wanted, j);
	switch (s->type) {
	case S_OBJ:
		return check_obj(s, j, at, err);
	case S_ARR:
		return check_each(s->item, j, at, err);
	case S_LIST:
		return check_list(s, j, at, err);
	case S_MAP:
		return check_map(s, j, at, err);
	case S_STR:
	case S_INT:
	case S_NUM:
	case S_BOOL:
	case S_ID:
	case S_TIME:
	case S_MONEY:
	case S_ENUM:
	case S_ANY:
		break;
	}
	return 0;
}

int schema_check(const struct schema *s, const struct json *j, struct err *err)
{
	const struct at top = { NULL, "answer", 0 };

	return check(s, j, false, &top, err);
}
