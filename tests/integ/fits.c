/* fits METHOD PATH <answer: does the answer fit the schema of its operation? */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/api.h"

#define ANSWER_MAX (16u << 20)

static const struct route *route_of(const struct routes *rs,
				    const char *method, const char *path)
{
	struct str in[PATH_SEGMENTS];
	const struct path *p;
	size_t n;

	p = routes_find(rs, path, in, &n);
	for (int m = 0; p != NULL && m < M__MAX; m++)
		if (strcmp(method_name((enum method)m), method) == 0)
			return p->by[m];
	return NULL;
}

static int check(struct arena *a, const char *method, const char *path)
{
	char *text = arena_alloc(a, ANSWER_MAX);
	const struct json *j;
	const struct route *r;
	struct routes *rs;
	struct err err;
	size_t n;

	n = fread(text, 1, ANSWER_MAX - 1, stdin);
	if (routes_all(a, &rs, &err) < 0) {
		printf("%s\n", err.msg);
		return 2;
	}
	r = route_of(rs, method, path);
	if (r == NULL) {
		printf("%s %s is no operation\n", method, path);
		return 1;
	}
	if (r->answer == NULL)
		return r->media == NULL && n > 0;
	if (json_parse(a, text, n, &j, &err) < 0 ||
	    schema_check(r->answer, j, &err) < 0) {
		printf("%s %s: %s\n", method, path, err.msg);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct arena *a;
	int rc;

	if (argc != 3) {
		fprintf(stderr, "usage: fits METHOD PATH <answer\n");
		return 64;
	}
	a = arena_new("fits", 256 << 20);
	rc = check(a, argv[1], argv[2]);
	arena_free(&a);
	return rc;
}
