#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/route.h"
#include "core/array.h"
#include "proc/board.h"

/* One segment of the paths: a literal, or any text where {name} stands. */
struct node {
	struct str seg;
	bool any;
	struct node *child, *next;	/* literals stand before the any */
	struct path *end;		/* a template ends here */
};

struct routes {
	const struct route **v;
	size_t n;
	struct path **paths;
	unsigned n_paths;
	struct node root;
};

const struct schema
	sc_str = { .type = S_STR }, sc_int = { .type = S_INT },
	sc_num = { .type = S_NUM }, sc_bool = { .type = S_BOOL },
	sc_id = { .type = S_ID }, sc_time = { .type = S_TIME },
	sc_money = { .type = S_MONEY }, sc_any = { .type = S_ANY };

static const struct param id_params[] = {
	PARAM(struct id_in, id, P_ID, "number of the object", .required = true),
};
const struct params id_path = PARAMS(struct id_in, id_params);

const char *method_name(enum method m)
{
	switch (m) {
	case M_GET:
		return "GET";
	case M_POST:
		return "POST";
	case M_PUT:
		return "PUT";
	case M_PATCH:
		return "PATCH";
	case M_DELETE:
		return "DELETE";
	case M__MAX:
		break;
	}
	return "?";
}

static int by_path(const void *a, const void *b)
{
	const struct route *x = *(const struct route *const *)a;
	const struct route *y = *(const struct route *const *)b;
	int c = strcmp(x->path, y->path);

	return c != 0 ? c : (int)x->method - (int)y->method;
}

/* The name in "{name}"; false for a literal. */
static bool seg_name(struct str seg, struct str *ret)
{
	if (seg.n < 3 || seg.p[0] != '{' || seg.p[seg.n - 1] != '}')
		return false;
	*ret = str_n(seg.p + 1, seg.n - 2);
	return true;
}

static int path_check(const struct route *r, struct err *err)
{
	size_t n_names = 0, n_segs = 0;
	struct str rest, seg, name;

	if (r->path[0] != '/' || strlen(r->path) >= BOARD_TEMPLATE)
		return FAIL(err, E_BUG, "path %s", r->path);
	rest = str_c(r->path + 1);
	while (str_split(&rest, '/', &seg)) {
		if (seg.n == 0 || ++n_segs > PATH_SEGMENTS)
			return FAIL(err, E_BUG, "path %s", r->path);
		if (!seg_name(seg, &name))
			continue;
		if (r->path_in == NULL || n_names >= r->path_in->n ||
		    !str_eqc(name, r->path_in->v[n_names].name))
			return FAIL(err, E_BUG, "%s: {%.*s} is not in path_in",
				    r->path, STR_ARG(name));
		n_names++;
	}
	if (r->path_in != NULL && n_names != r->path_in->n)
		return FAIL(err, E_BUG, "%s: path_in has more names", r->path);
	return 0;
}

static int params_check(const struct route *r, const struct params *p,
			struct err *err)
{
	if (p == NULL)
		return 0;
	if (p->n > PARAMS_MAX)
		return FAIL(err, E_BUG, "%s: too many parameters", r->id);
	for (size_t i = 0; i < p->n; i++) {
		const struct param *x = &p->v[i];

		if (x->name == NULL || x->doc == NULL)
			return FAIL(err, E_BUG, "%s: a parameter without name "
				    "or description", r->id);
		if (x->type == P_ENUM && x->names == NULL)
			return FAIL(err, E_BUG, "%s: %s has no names", r->id,
				    x->name);
		if (x->type == P_OBJ && x->sub == NULL)
			return FAIL(err, E_BUG, "%s: %s has no table", r->id,
				    x->name);
		for (size_t k = 0; k < i; k++)
			if (strcmp(p->v[k].name, x->name) == 0)
				return FAIL(err, E_BUG, "%s: %s twice", r->id,
					    x->name);
	}
	return 0;
}

/* Members that cannot stand together. */
static int shape_check(const struct route *r, struct err *err)
{
	bool creates = (r->flags & (RF_CREATE | RF_SECRET)) != 0;

	if (creates && r->method != M_POST)
		return FAIL(err, E_BUG, "%s: only POST creates", r->id);
	if (r->body != NULL && (r->method == M_GET || r->method == M_DELETE))
		return FAIL(err, E_BUG, "%s: a body with %s", r->id,
			    method_name(r->method));
	if (r->body_media != NULL && (r->body != NULL || r->body_max == 0))
		return FAIL(err, E_BUG, "%s: a raw body has a limit and no table",
			    r->id);
	if (r->cache_ms != 0 && (r->method != M_GET || r->need == N_ADMIN))
		return FAIL(err, E_BUG, "%s: cannot be kept", r->id);
	if (r->answer == NULL && r->media == NULL &&
	    (r->method == M_GET || r->status == 200 || r->status == 201))
		return FAIL(err, E_BUG, "%s: has no answer", r->id);
	return 0;
}

static int route_check(const struct route *r, struct err *err)
{
	int rc;

	if (r->path == NULL || r->id == NULL || r->doc == NULL || r->fn == NULL)
		return FAIL(err, E_BUG, "a route without path, id, doc or fn");
	rc = shape_check(r, err);
	if (rc == 0)
		rc = path_check(r, err);
	if (rc == 0)
		rc = params_check(r, r->path_in, err);
	if (rc == 0)
		rc = params_check(r, r->query, err);
	if (rc == 0)
		rc = params_check(r, r->body, err);
	return rc;
}

static uint32_t salt_of(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static const char *allow_of(struct arena *out, const struct path *p)
{
	struct sbuf b;

	sbuf_init(&b, out, 128);
	for (int m = 0; m < M__MAX; m++) {
		if (p->by[m] == NULL)
			continue;
		sbuf_addf(&b, "%s%s", b.len > 0 ? ", " : "",
			  method_name((enum method)m));
		if (m == M_GET)
			sbuf_addf(&b, ", HEAD");
	}
	return sbuf_finish(&b);
}

/* The child for a segment, made when it is not there. */
static struct node *node_for(struct arena *out, struct node *up, struct str seg)
{
	struct node **at = &up->child, *n;
	struct str name;
	bool any = seg_name(seg, &name);

	for (; *at != NULL; at = &(*at)->next) {
		if ((*at)->any && any)
			return *at;
		if (!(*at)->any && !any && str_eq((*at)->seg, seg))
			return *at;
		if ((*at)->any)
			break;
	}
	n = NEW(out, struct node);
	n->seg = seg;
	n->any = any;
	n->next = *at;
	*at = n;
	return n;
}

static void path_add(struct arena *out, struct routes *rs, struct path *p)
{
	struct str rest = str_c(p->template + 1), seg;
	struct node *n = &rs->root;

	while (str_split(&rest, '/', &seg))
		n = node_for(out, n, seg);
	n->end = p;
}

static int paths_make(struct arena *out, struct routes *rs, struct err *err)
{
	struct path *p = NULL;

	rs->paths = NEW_N(out, struct path *, rs->n);
	for (size_t i = 0; i < rs->n; i++) {
		const struct route *r = rs->v[i];

		if (p == NULL || strcmp(p->template, r->path) != 0) {
			p = NEW(out, struct path);
			p->template = r->path;
			p->salt = salt_of(r->path);
			rs->paths[rs->n_paths++] = p;
			p->number = rs->n_paths;
			path_add(out, rs, p);
		}
		if (p->by[r->method] != NULL)
			return FAIL(err, E_BUG, "%s %s stands twice",
				    method_name(r->method), r->path);
		p->by[r->method] = r;
	}
	if (rs->n_paths >= BOARD_ROUTES)
		return FAIL(err, E_BUG, "more paths than the board has room "
			    "for: %u", rs->n_paths);
	for (unsigned i = 0; i < rs->n_paths; i++)
		rs->paths[i]->allow = allow_of(out, rs->paths[i]);
	return 0;
}

static int ids_check(const struct routes *rs, struct err *err)
{
	for (size_t i = 0; i < rs->n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(rs->v[i]->id, rs->v[k]->id) == 0)
				return FAIL(err, E_BUG, "two routes with id %s",
					    rs->v[i]->id);
	return 0;
}

int routes_new(struct arena *out, const struct area *const *areas,
	       size_t n_areas, struct routes **ret, struct err *err)
{
	struct routes *rs = NEW(out, struct routes);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < n_areas; i++)
		n += areas[i]->n;
	rs->v = NEW_N(out, const struct route *, n + 1);
	for (size_t i = 0; i < n_areas; i++)
		for (size_t k = 0; k < areas[i]->n; k++) {
			rc = route_check(&areas[i]->v[k], err);
			if (rc < 0)
				return rc;
			rs->v[rs->n++] = &areas[i]->v[k];
		}
	qsort(rs->v, rs->n, sizeof(const struct route *), by_path);
	rc = paths_make(out, rs, err);
	if (rc == 0)
		rc = ids_check(rs, err);
	if (rc == 0)
		*ret = rs;
	return rc;
}

size_t routes_len(const struct routes *rs)
{
	return rs->n;
}

const struct route *routes_at(const struct routes *rs, size_t i)
{
	assert(i < rs->n);
	return rs->v[i];
}

unsigned routes_paths(const struct routes *rs)
{
	return rs->n_paths;
}

const struct path *routes_path(const struct routes *rs, unsigned number)
{
	assert(number >= 1 && number <= rs->n_paths);
	return rs->paths[number - 1];
}

/* A literal wins over {name}, and one that leads nowhere gives way to it. */
static const struct path *walk(const struct node *n, struct str rest,
			       struct str *in, size_t *n_in)
{
	struct str seg;

	if (!str_split(&rest, '/', &seg) || seg.n == 0)
		return NULL;
	for (const struct node *c = n->child; c != NULL; c = c->next) {
		const struct path *p;

		if (c->any) {
			if (*n_in == PATH_SEGMENTS)
				return NULL;
			in[(*n_in)++] = seg;
		} else if (!str_eq(c->seg, seg)) {
			continue;
		}
		p = rest.p == NULL ? c->end :
						     walk(c, rest, in, n_in);
		if (p != NULL)
			return p;
		if (c->any)
			(*n_in)--;
	}
	return NULL;
}

const struct path *routes_find(const struct routes *rs, const char *path,
			       struct str ret_in[static PATH_SEGMENTS],
			       size_t *ret_n)
{
	size_t n = strlen(path);

	*ret_n = 0;
	/* str_split() takes "a/" for "a" and an empty rest: no such path. */
	if (n < 2 || path[0] != '/' || path[n - 1] == '/')
		return NULL;
	return walk(&rs->root, str_n(path + 1, n - 1), ret_in, ret_n);
}
