#include "config.h"

#include <stdio.h>
#include <string.h>

#include "db/db_i.h"
#include "db/migrate.h"

#define ROW_TEXT 400

struct check {
	char name[120];
	void (*fn)(void *ctx, const char *check, const char *row);
	void *ctx;
	size_t rows;
};

static int a_row(void *ctx, unsigned cols, const char *const *names,
		 const char *const *row, struct err *err)
{
	struct check *c = ctx;
	char text[ROW_TEXT] = "";
	size_t n = 0;

	(void)err;
	for (unsigned i = 0; i < cols && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=%.80s",
				      i > 0 ? " " : "", names[i],
				      row[i] != NULL ? row[i] : "NULL");
	c->rows++;
	c->fn(c->ctx, c->name, text);
	return 0;
}

/* "-- name: what must hold" in the last line of the comment. */
static bool read_name(struct str comment, char *buf, size_t size)
{
	static const char key[] = "-- name: ";
	struct str line, last = { 0 };

	while (str_split(&comment, '\n', &line))
		if (str_starts(line, key))
			last = line;
	if (last.n <= sizeof(key) - 1 || last.n - sizeof(key) + 1 >= size)
		return false;
	snprintf(buf, size, "%.*s", (int)(last.n - sizeof(key) + 1),
		 last.p + sizeof(key) - 1);
	return true;
}

static int one_check(struct db *db, const struct sql_stmt *s, struct check *c,
		     struct err *err)
{
	int rc;

	if (!read_name(s->comment, c->name, sizeof(c->name)))
		return FAIL(err, E_INVAL, "line %zu: a check without \"-- name: "
			    "...\"", s->line);
	if (!str_starts(s->text, "SELECT") && !str_starts(s->text, "WITH"))
		return FAIL(err, E_INVAL, "line %zu: no SELECT", s->line);
	if (!str_contains(s->text, "LIMIT"))
		return FAIL(err, E_INVAL, "line %zu: a check without LIMIT",
			    s->line);
	rc = conn_rows(db, s->text.p, s->text.n, a_row, c, err);
	if (rc < 0)
		err_wrap(err, "line %zu: %s", s->line, c->name);
	return rc;
}

int checks_run(struct db *db, const char *path,
	       void (*fn)(void *ctx, const char *check, const char *row),
	       void *ctx, size_t *ret_checks, size_t *ret_rows, struct err *err)
{
	/* Read-only, so that nothing in the file can change anything. */
	static const char begin[] = "START TRANSACTION READ ONLY";
	struct check c = { .fn = fn, .ctx = ctx };
	struct sql_stmt *v = NULL;
	size_t n = 0;
	int rc = 0;

	SCOPE(tmp, db->arena) {
		struct str text;

		rc = file_text(tmp, path, &text, err);
		if (rc == 0)
			rc = sql_split(tmp, text, &v, &n, err);
		if (rc == 0)
			rc = conn_ready(db, err);
		if (rc == 0)
			rc = conn_text(db, begin, sizeof(begin) - 1, err);
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = one_check(db, &v[i], &c, err);
		if (db->my != NULL && conn_text(db, "ROLLBACK", 8, NULL) < 0)
			conn_drop(db);
	}
	if (rc < 0) {
		err_wrap(err, "%s", path);
		return rc;
	}
	*ret_checks = n;
	*ret_rows = c.rows;
	return 0;
}
