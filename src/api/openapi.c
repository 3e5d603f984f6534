#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_i.h"

/* The document is made of the tables and nothing else: what is not in them
 * does not exist, so the two cannot part. */

#define DOC_MAX (2u << 20)

static void kref(struct jw *w, const char *kind, const char *name)
{
	char text[96];

	snprintf(text, sizeof(text), "#/components/%s/%s", kind, name);
	jw_kstr(w, "$ref", text);
}

static void names_write(struct jw *w, const char *const *names, bool null_ok)
{
	jw_key(w, "enum");
	jw_arr(w);
	for (size_t i = 0; names[i] != NULL; i++)
		jw_str(w, names[i]);
	if (null_ok)
		jw_null(w);
	jw_arr_end(w);
}

static void type_write(struct jw *w, const char *type, bool null_ok)
{
	if (!null_ok) {
		jw_kstr(w, "type", type);
		return;
	}
	jw_key(w, "type");
	jw_arr(w);
	jw_str(w, type);
	jw_str(w, "null");
	jw_arr_end(w);
}

/* ---- answers ---- */

static void schema_write(struct jw *w, const struct schema *s, bool null_ok,
			 const char *doc);

static void schema_members(struct jw *w, const struct schema *s, bool null_ok);

static void money_members(struct jw *w, bool null_ok)
{
	type_write(w, "string", null_ok);
	jw_kstr(w, "format", "decimal");
	jw_kstr(w, "pattern", "^-?[0-9]{1,21}(\\.[0-9]{1,18})?$");
}

static void object_members(struct jw *w, const struct schema *s, bool null_ok)
{
	type_write(w, "object", null_ok);
	jw_key(w, "properties");
	jw_obj(w);
	for (size_t i = 0; i < s->n_fields; i++) {
		const struct field *f = &s->fields[i];

		jw_key(w, f->name);
		schema_write(w, f->schema, f->null_ok, f->doc);
	}
	jw_obj_end(w);
	jw_key(w, "required");
	jw_arr(w);
	for (size_t i = 0; i < s->n_fields; i++)
		if (!s->fields[i].optional)
			jw_str(w, s->fields[i].name);
	jw_arr_end(w);
	jw_kbool(w, "additionalProperties", false);
}

static void list_members(struct jw *w, const struct schema *s, bool null_ok)
{
	const struct schema array = { .type = S_ARR, .item = s->item };
	const struct field fields[] = {
		FIELD("items", &array, "this page"),
		FIELD_NULL("next", &sc_str, "cursor of the next page"),
	};
	const struct schema list = OBJECT(NULL, fields, "");

	object_members(w, &list, null_ok);
}

static void schema_members(struct jw *w, const struct schema *s, bool null_ok)
{
	switch (s->type) {
	case S_STR:
		type_write(w, "string", null_ok);
		return;
	case S_INT:
		type_write(w, "integer", null_ok);
		jw_kstr(w, "format", "int64");
		return;
	case S_TIME:
		type_write(w, "integer", null_ok);
		jw_kstr(w, "format", "unix-ms");
		return;
	case S_ID:
		type_write(w, "integer", null_ok);
		jw_kstr(w, "format", "int64");
		jw_ki64(w, "minimum", 1);
		return;
	case S_NUM:
		type_write(w, "number", null_ok);
		return;
	case S_BOOL:
		type_write(w, "boolean", null_ok);
		return;
	case S_MONEY:
		money_members(w, null_ok);
		return;
	case S_ENUM:
		type_write(w, "string", null_ok);
		names_write(w, s->names, null_ok);
		return;
	case S_OBJ:
		object_members(w, s, null_ok);
		return;
	case S_ARR:
		type_write(w, "array", null_ok);
		jw_key(w, "items");
		schema_write(w, s->item, false, NULL);
		return;
	case S_LIST:
		list_members(w, s, null_ok);
		return;
	case S_MAP:
		type_write(w, "object", null_ok);
		jw_key(w, "additionalProperties");
		schema_write(w, s->item, false, NULL);
		return;
	case S_ANY:
		return;			/* the empty schema */
	}
}

/* A named schema is referred to; null beside it is a second choice. */
static void schema_write(struct jw *w, const struct schema *s, bool null_ok,
			 const char *doc)
{
	jw_obj(w);
	if (doc != NULL && doc[0] != '\0')
		jw_kstr(w, "description", doc);
	if (s->name == NULL) {
		schema_members(w, s, null_ok || s->null_ok);
	} else if (!null_ok) {
		kref(w, "schemas", s->name);
	} else {
		jw_key(w, "oneOf");
		jw_arr(w);
		jw_obj(w);
		kref(w, "schemas", s->name);
		jw_obj_end(w);
		jw_obj(w);
		jw_kstr(w, "type", "null");
		jw_obj_end(w);
		jw_arr_end(w);
	}
	jw_obj_end(w);
}

/* ---- what comes in ---- */

static void param_schema(struct jw *w, const struct param *p);

static void params_members(struct jw *w, const struct params *t)
{
	jw_kstr(w, "type", "object");
	jw_key(w, "properties");
	jw_obj(w);
	for (size_t i = 0; i < t->n; i++) {
		jw_key(w, t->v[i].name);
		param_schema(w, &t->v[i]);
	}
	jw_obj_end(w);
	jw_key(w, "required");
	jw_arr(w);
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].required)
			jw_str(w, t->v[i].name);
	jw_arr_end(w);
	jw_kbool(w, "additionalProperties", false);
}

static void range_write(struct jw *w, const struct param *p, const char *min,
			const char *max, int64_t max_default)
{
	int64_t top = p->max != 0 ? p->max : max_default;

	if (p->min != INT64_MIN)
		jw_ki64(w, min, p->min);
	if (top != 0)
		jw_ki64(w, max, top);
}

static void number_members(struct jw *w, const struct param *p,
			   const char *type, const char *format)
{
	type_write(w, type, p->nullable);
	if (format != NULL)
		jw_kstr(w, "format", format);
	range_write(w, p, "minimum", "maximum", 0);
	if (!p->required && p->has == 0)
		jw_ki64(w, "default", p->def);
}

static void array_members(struct jw *w, const struct param *p)
{
	type_write(w, "array", p->nullable);
	range_write(w, p, "minItems", "maxItems", 1000);
	jw_key(w, "items");
	if (p->sub != NULL) {
		jw_obj(w);
		params_members(w, p->sub);
		jw_obj_end(w);
	} else {
		const struct param item = { .type = p->item,
					    .names = p->names,
					    .required = true };

		param_schema(w, &item);
	}
}

static void money_param(struct jw *w, const struct param *p)
{
	char text[160];

	money_members(w, p->nullable);
	if (p->max != 0)
		snprintf(text, sizeof(text), "%s (%s%" PRId64 " to %" PRId64
			 ")", p->doc, p->positive ? "more than zero, " : "",
			 p->min, p->max);
	else
		snprintf(text, sizeof(text), "%s (%s)", p->doc,
			 p->positive ? "more than zero" : "decimal text");
	jw_kstr(w, "description", text);
	if (p->def_text != NULL)
		jw_kstr(w, "default", p->def_text);
}

static void enum_param(struct jw *w, const struct param *p)
{
	type_write(w, "string", p->nullable);
	names_write(w, p->names, p->nullable);
	if (p->required || p->has != 0 || p->def < 0)
		return;
	jw_kstr(w, "default", p->names[p->def]);
}

static void bool_param(struct jw *w, const struct param *p)
{
	type_write(w, "boolean", p->nullable);
	if (!p->required && p->has == 0)
		jw_kbool(w, "default", p->def != 0);
}

static void param_members(struct jw *w, const struct param *p)
{
	switch (p->type) {
	case P_BOOL:
		bool_param(w, p);
		return;
	case P_I64:
	case P_U64:
		number_members(w, p, "integer", "int64");
		return;
	case P_TIME:
		number_members(w, p, "integer", "unix-ms");
		return;
	case P_ID:
		schema_members(w, &sc_id, p->nullable);
		return;
	case P_F64:
		number_members(w, p, "number", NULL);
		return;
	case P_STR:
	case P_TEXT:
		type_write(w, "string", p->nullable);
		range_write(w, p, "minLength", "maxLength", 1000);
		if (p->ascii)
			jw_kstr(w, "pattern", "^[ -~]*$");
		return;
	case P_ENUM:
		enum_param(w, p);
		return;
	case P_PRICE:
	case P_QTY:
	case P_QUOTE:
		money_param(w, p);
		return;
	case P_CURSOR:
		type_write(w, "string", false);
		jw_ki64(w, "minLength", 27);
		jw_ki64(w, "maxLength", 27);
		return;
	case P_OBJ:
		params_members(w, p->sub);
		return;
	case P_ARR:
		array_members(w, p);
		return;
	case P_JSON:
		jw_kstr(w, "type", "object");
		return;
	case P_ANY:
	case P__MAX:
		return;
	}
}

static bool is_money(enum ptype t)
{
	return t == P_PRICE || t == P_QTY || t == P_QUOTE;
}

static void param_schema(struct jw *w, const struct param *p)
{
	jw_obj(w);
	/* Money says its range in words, so it writes its own. */
	if (p->doc != NULL && !is_money(p->type))
		jw_kstr(w, "description", p->doc);
	param_members(w, p);
	jw_obj_end(w);
}

static void parameters_write(struct jw *w, const struct params *t,
			     const char *in)
{
	for (size_t i = 0; t != NULL && i < t->n; i++) {
		struct param bare = t->v[i];

		bare.doc = is_money(bare.type) ? bare.doc : NULL;
		jw_obj(w);
		jw_kstr(w, "name", t->v[i].name);
		jw_kstr(w, "in", in);
		jw_kstr(w, "description", t->v[i].doc);
		jw_kbool(w, "required", strcmp(in, "path") == 0 ||
			 t->v[i].required);
		jw_key(w, "schema");
		param_schema(w, &bare);
		jw_obj_end(w);
	}
}

/* ---- operations ---- */

static void header_parameter(struct jw *w, const char *name)
{
	jw_obj(w);
	kref(w, "parameters", name);
	jw_obj_end(w);
}

static void all_parameters(struct jw *w, const struct route *r)
{
	jw_key(w, "parameters");
	jw_arr(w);
	parameters_write(w, r->path_in, "path");
	parameters_write(w, r->query, "query");
	if (r->flags & (RF_CREATE | RF_SECRET))
		header_parameter(w, "IdempotencyKey");
	if (r->method == M_GET && !(r->flags & RF_QUIET))
		header_parameter(w, "IfNoneMatch");
	jw_arr_end(w);
}

static void security_write(struct jw *w, const struct route *r)
{
	jw_key(w, "security");
	jw_arr(w);
	if (r->need != N_PUBLIC) {
		jw_obj(w);
		jw_key(w, "session");
		jw_arr(w);
		jw_arr_end(w);
		if (r->method != M_GET && !(r->flags & RF_NO_CSRF)) {
			jw_key(w, "csrf");
			jw_arr(w);
			jw_arr_end(w);
		}
		jw_obj_end(w);
		if (!(r->flags & RF_SESSION)) {
			jw_obj(w);
			jw_key(w, "token");
			jw_arr(w);
			jw_arr_end(w);
			jw_obj_end(w);
		}
	}
	jw_arr_end(w);
}

static void body_write(struct jw *w, const struct route *r)
{
	if (r->body == NULL && r->body_media == NULL)
		return;
	jw_key(w, "requestBody");
	jw_obj(w);
	jw_kbool(w, "required", true);
	jw_key(w, "content");
	jw_obj(w);
	jw_key(w, r->body_media != NULL ? r->body_media : "application/json");
	jw_obj(w);
	jw_key(w, "schema");
	jw_obj(w);
	if (r->body_media != NULL) {
		jw_kstr(w, "type", "string");
		jw_kstr(w, "contentMediaType", r->body_media);
	} else {
		params_members(w, r->body);
	}
	jw_obj_end(w);
	jw_obj_end(w);
	jw_obj_end(w);
	jw_obj_end(w);
}

static int success_status(const struct route *r)
{
	if (r->status != 0)
		return r->status;
	return r->answer == NULL && r->media == NULL ? 204 : 200;
}

static void success_write(struct jw *w, const struct route *r)
{
	const char *media = r->media != NULL ? r->media : "application/json";
	char code[16];

	snprintf(code, sizeof(code), "%d", success_status(r));
	jw_key(w, code);
	jw_obj(w);
	jw_kstr(w, "description", http_reason(success_status(r)));
	if (r->answer != NULL || r->media != NULL) {
		jw_key(w, "content");
		jw_obj(w);
		jw_key(w, media);
		jw_obj(w);
		jw_key(w, "schema");
		schema_write(w, r->answer != NULL ? r->answer : &sc_str, false,
			     NULL);
		jw_obj_end(w);
		jw_obj_end(w);
	}
	jw_obj_end(w);
}

/* Which problems can happen follows from the row. */
static unsigned problems_of(const struct route *r)
{
	bool write = r->method != M_GET;
	unsigned p = r->problems;

	if (r->query != NULL || r->body != NULL)
		p |= 1u << E_INVAL;
	if (r->need != N_PUBLIC)
		p |= 1u << E_UNAUTH | 1u << E_DB;
	if (r->need > N_VIEWER || write || r->flags & RF_ALLOW_LIST)
		p |= 1u << E_DENIED;
	if (r->path_in != NULL)
		p |= 1u << E_NOTFOUND;
	if (r->body != NULL || r->body_media != NULL)
		p |= 1u << E_TOOBIG | 1u << E_MEDIA;
	if (r->flags & (RF_CREATE | RF_SECRET))
		p |= 1u << E_CONFLICT | 1u << E_UNPROCESSABLE;
	if (!(r->flags & RF_QUIET))
		p |= 1u << E_LIMIT;
	return p;
}

static void responses_write(struct jw *w, const struct route *r)
{
	unsigned p = problems_of(r);
	uint64_t done[10] = { 0 };

	jw_key(w, "responses");
	jw_obj(w);
	success_write(w, r);
	for (unsigned c = 1; c < E__MAX; c++) {
		int status = errc_http((enum errc)c);
		char text[16];

		/* Two codes of one status are one answer here. */
		if (!(p >> c & 1) || done[status / 64] >> status % 64 & 1)
			continue;
		done[status / 64] |= UINT64_C(1) << status % 64;
		snprintf(text, sizeof(text), "%d", status);
		jw_key(w, text);
		jw_obj(w);
		kref(w, "responses", "Problem");
		jw_obj_end(w);
	}
	jw_key(w, "default");
	jw_obj(w);
	kref(w, "responses", "Problem");
	jw_obj_end(w);
	jw_obj_end(w);
}

static const char *role_text(enum need n)
{
	switch (n) {
	case N_PUBLIC:
		return "anyone";
	case N_VIEWER:
		return "viewer";
	case N_TRADER:
		return "trader";
	case N_ADMIN:
		return "admin";
	}
	return "?";
}

/* The area is the first word after the version: "bots". */
static void tag_write(struct jw *w, const struct route *r)
{
	struct str path = str_c(r->path + 1), seg = STR("");

	while (str_split(&path, '/', &seg))
		if (!str_eqc(seg, "api") && !str_eqc(seg, "v1"))
			break;
	jw_key(w, "tags");
	jw_arr(w);
	jw_strn(w, seg.p, seg.n);
	jw_arr_end(w);
}

static void operation_write(struct jw *w, const struct route *r)
{
	static const char *const keys[M__MAX] = {
		"get", "post", "put", "patch", "delete"
	};

	jw_key(w, keys[r->method]);
	jw_obj(w);
	jw_kstr(w, "operationId", r->id);
	jw_kstr(w, "summary", r->doc);
	tag_write(w, r);
	jw_kstr(w, "x-role", role_text(r->need));
	if (r->flags & RF_ALLOW_LIST)
		jw_kbool(w, "x-allow-list", true);
	security_write(w, r);
	all_parameters(w, r);
	body_write(w, r);
	responses_write(w, r);
	jw_obj_end(w);
}

/* ---- components ---- */

struct named { const struct schema **v; size_t n, size; };

static int collect(struct arena *out, struct named *all,
		   const struct schema *s, struct err *err)
{
	int rc = 0;

	if (s == NULL)
		return 0;
	for (size_t i = 0; s->name != NULL && i < all->n; i++) {
		if (all->v[i] == s)
			return 0;
		if (strcmp(all->v[i]->name, s->name) == 0)
			return FAIL(err, E_BUG, "two schemas are named %s",
				    s->name);
	}
	if (s->name != NULL)
		*array_push(out, all) = s; /* NOLINT(bugprone-sizeof-expression) */
	rc = collect(out, all, s->item, err);
	for (size_t i = 0; rc == 0 && i < s->n_fields; i++)
		rc = collect(out, all, s->fields[i].schema, err);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct schema *const *)a)->name,
		      (*(const struct schema *const *)b)->name);
}

static const struct field problem_field_fields[] = {
	FIELD("field", &sc_str, "which member or parameter"),
	FIELD("detail", &sc_str, "what is wrong with it"),
};
static const struct schema sc_problem_field =
	OBJECT("ProblemField", problem_field_fields, "One faulty input");
static const struct field problem_fields[] = {
	FIELD("type", &sc_str, "about:blank"),
	FIELD("title", &sc_str, "the status in words"),
	FIELD("status", &sc_int, "the HTTP status"),
	FIELD("detail", &sc_str, "a sentence for people"),
	FIELD("code", &sc_str, "a name for programs"),
	FIELD_OPT("field", &sc_str, "the first faulty input"),
	FIELD_OPT("errors", ARRAY_OF(&sc_problem_field), "all of them"),
	FIELD("request_id", &sc_str, "finds the request in the log"),
};
static const struct schema sc_problem =
	OBJECT("Problem", problem_fields, "Why a request failed (RFC 9457)");

static void schemas_write(struct jw *w, const struct named *all)
{
	jw_key(w, "schemas");
	jw_obj(w);
	for (size_t i = 0; i < all->n; i++) {
		jw_key(w, all->v[i]->name);
		jw_obj(w);
		if (all->v[i]->doc != NULL)
			jw_kstr(w, "description", all->v[i]->doc);
		schema_members(w, all->v[i], false);
		jw_obj_end(w);
	}
	jw_obj_end(w);
}

static void header_component(struct jw *w, const char *key, const char *name,
			     const char *doc)
{
	jw_key(w, key);
	jw_obj(w);
	jw_kstr(w, "name", name);
	jw_kstr(w, "in", "header");
	jw_kstr(w, "description", doc);
	jw_kbool(w, "required", false);
	jw_key(w, "schema");
	jw_obj(w);
	jw_kstr(w, "type", "string");
	jw_obj_end(w);
	jw_obj_end(w);
}

static void security_schemes(struct jw *w)
{
	static const char *const rows[][4] = {
		{ "session", "apiKey", "cookie", "__Host-sid" },
		{ "csrf", "apiKey", "header", "X-CSRF-Token" },
	};

	jw_key(w, "securitySchemes");
	jw_obj(w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		jw_key(w, rows[i][0]);
		jw_obj(w);
		jw_kstr(w, "type", rows[i][1]);
		jw_kstr(w, "in", rows[i][2]);
		jw_kstr(w, "name", rows[i][3]);
		jw_obj_end(w);
	}
	jw_key(w, "token");
	jw_obj(w);
	jw_kstr(w, "type", "http");
	jw_kstr(w, "scheme", "bearer");
	jw_obj_end(w);
	jw_obj_end(w);
}

static void components_write(struct jw *w, const struct named *all)
{
	jw_key(w, "components");
	jw_obj(w);
	schemas_write(w, all);
	jw_key(w, "parameters");
	jw_obj(w);
	header_component(w, "IdempotencyKey", "Idempotency-Key",
			 "the same key and body are done once");
	header_component(w, "IfNoneMatch", "If-None-Match",
			 "ETags held; 304 when one is current");
	jw_obj_end(w);
	jw_key(w, "responses");
	jw_obj(w);
	jw_key(w, "Problem");
	jw_obj(w);
	jw_kstr(w, "description", "It failed; the body says why");
	jw_key(w, "content");
	jw_obj(w);
	jw_key(w, "application/problem+json");
	jw_obj(w);
	jw_key(w, "schema");
	schema_write(w, &sc_problem, false, NULL);
	jw_obj_end(w);
	jw_obj_end(w);
	jw_obj_end(w);
	jw_obj_end(w);
	security_schemes(w);
	jw_obj_end(w);
}

static void paths_write(struct jw *w, const struct routes *rs)
{
	jw_key(w, "paths");
	jw_obj(w);
	for (unsigned i = 1; i <= routes_paths(rs); i++) {
		const struct path *p = routes_path(rs, i);

		jw_key(w, p->template);
		jw_obj(w);
		for (int m = 0; m < M__MAX; m++)
			if (p->by[m] != NULL)
				operation_write(w, p->by[m]);
		jw_obj_end(w);
	}
	jw_obj_end(w);
}

int openapi_write(struct arena *out, const struct routes *rs,
		  const char *version, struct str *ret, struct err *err)
{
	struct named all = { 0 };
	struct sbuf b;
	struct jw w;
	int rc;

	rc = collect(out, &all, &sc_problem, err);
	for (size_t i = 0; rc == 0 && i < routes_len(rs); i++)
		rc = collect(out, &all, routes_at(rs, i)->answer, err);
	if (rc < 0)
		return rc;
	qsort(all.v, all.n, sizeof(const struct schema *), by_name);
	sbuf_init(&b, out, DOC_MAX);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "openapi", "3.1.0");
	jw_key(&w, "info");
	jw_obj(&w);
	jw_kstr(&w, "title", "orch");
	jw_kstr(&w, "version", version);
	jw_kstr(&w, "description", "Trading bots: markets, strategies, bots "
		"and their records.  Times are integer milliseconds since "
		"1970 UTC, money is decimal text.");
	jw_obj_end(&w);
	paths_write(&w, rs);
	components_write(&w, &all);
	jw_obj_end(&w);
	if (b.overflow)
		return FAIL(err, E_BUG, "the document is too large");
	*ret = str_n(b.buf, b.len);
	return 0;
}
