#include "config.h"

#include <errmsg.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/rand.h"
#include "db/db_i.h"

#define BUSY_RETRIES	3
#define BUSY_JITTER_MS	20

static const struct {
	const char *name, *in, *out, *sql;
} table[] = {
#define X(id, in, out, sql) [id] = { #id, in, out, sql },
#include DB_STMTS
#undef X
};

const char *stmt_name(enum stmt q) { return table[q].name; }
const char *stmt_sql(enum stmt q) { return table[q].sql; }
const char *stmt_in(enum stmt q) { return table[q].in; }
const char *stmt_out(enum stmt q) { return table[q].out; }

static char letter(char c)
{
	return (char)(c | 0x20);
}

static bool may_be_null(char c)
{
	return (c & 0x20) == 0;
}

/* Does the column come as something the letter can hold without loss?  Dates,
 * times, bits and geometry have no letter: times are integers here. */
static bool column_fits(char c, const MYSQL_FIELD *f)
{
	static const struct {
		enum enum_field_types type;
		const char *letters;
	} fits[] = {
		{ MYSQL_TYPE_TINY, "iuf" }, { MYSQL_TYPE_SHORT, "iuf" },
		{ MYSQL_TYPE_INT24, "iuf" }, { MYSQL_TYPE_LONG, "iuf" },
		{ MYSQL_TYPE_LONGLONG, "iuf" }, { MYSQL_TYPE_YEAR, "iuf" },
		{ MYSQL_TYPE_FLOAT, "f" }, { MYSQL_TYPE_DOUBLE, "f" },
		{ MYSQL_TYPE_NEWDECIMAL, "fm" },
		{ MYSQL_TYPE_STRING, "sb" }, { MYSQL_TYPE_VAR_STRING, "sb" },
		{ MYSQL_TYPE_VARCHAR, "sb" }, { MYSQL_TYPE_ENUM, "sb" },
		{ MYSQL_TYPE_SET, "sb" }, { MYSQL_TYPE_TINY_BLOB, "sb" },
		{ MYSQL_TYPE_BLOB, "sb" }, { MYSQL_TYPE_MEDIUM_BLOB, "sb" },
		{ MYSQL_TYPE_LONG_BLOB, "sb" }, { MYSQL_TYPE_NULL, "iufsbm" },
	};

	if (f->type == MYSQL_TYPE_NEWDECIMAL && f->decimals > 18)
		return letter(c) == 'f';
	for (size_t i = 0; i < ARRAY_LEN(fits); i++)
		if (fits[i].type == f->type)
			return strchr(fits[i].letters, letter(c)) != NULL;
	return false;
}

static void bind_column(MYSQL_BIND *b, struct cell *cell, char c)
{
	b->length = &cell->len;
	b->is_null = &cell->null;
	b->error = &cell->cut;
	switch (letter(c)) {
	case 'i':
	case 'u':
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->is_unsigned = letter(c) == 'u';
		b->buffer = &cell->i;
		b->buffer_length = sizeof(cell->i);
		break;
	case 'f':
		b->buffer_type = MYSQL_TYPE_DOUBLE;
		b->buffer = &cell->f;
		b->buffer_length = sizeof(cell->f);
		break;
	default:		/* money comes as text; so do text and bytes */
		b->buffer_type = letter(c) == 'b' ? MYSQL_TYPE_BLOB :
						    MYSQL_TYPE_STRING;
		b->buffer = cell->text;
		b->buffer_length = sizeof(cell->text);
		break;
	}
}

static bool is_read(const char *sql)
{
	return strncmp(sql, "SELECT", 6) == 0 || strncmp(sql, "WITH", 4) == 0;
}

/* The table's types against what the server made of the SQL. */
static int check_shape(enum stmt q, struct prepared *p, struct err *err)
{
	const char *out = table[q].out;
	MYSQL_RES *meta;
	int rc = 0;

	if (mysql_stmt_param_count(p->h) != p->n_in)
		return FAIL(err, E_BUG, "%s: %lu parameters, %zu types",
			    stmt_name(q), mysql_stmt_param_count(p->h), p->n_in);
	if (mysql_stmt_field_count(p->h) != p->n_out)
		return FAIL(err, E_BUG, "%s: %u columns, %zu types", stmt_name(q),
			    mysql_stmt_field_count(p->h), p->n_out);
	if (p->n_out == 0)
		return 0;
	meta = mysql_stmt_result_metadata(p->h);
	assert(meta != NULL);
	for (size_t i = 0; i < p->n_out && rc == 0; i++) {
		const MYSQL_FIELD *f = mysql_fetch_field_direct(meta, (unsigned)i);

		if (!column_fits(out[i], f))
			rc = FAIL(err, E_BUG, "%s: column %s is no '%c'",
				  stmt_name(q), f->name, out[i]);
	}
	mysql_free_result(meta);
	return rc;
}

static int bind_columns(enum stmt q, struct db *db, struct prepared *p,
			struct err *err)
{
	p->in = NEW_N(db->conn, MYSQL_BIND, p->n_in + 1);
	p->out = NEW_N(db->conn, MYSQL_BIND, p->n_out + 1);
	p->money = arena_alloc_n(db->conn, p->n_in + 1, MONEY_TEXT_MAX);
	p->cells = NEW_N(db->conn, struct cell, p->n_out + 1);
	for (size_t i = 0; i < p->n_out; i++)
		bind_column(&p->out[i], &p->cells[i], table[q].out[i]);
	if (p->n_out > 0 && mysql_stmt_bind_result(p->h, p->out))
		return FAIL(err, E_BUG, "%s: %s", stmt_name(q),
			    mysql_stmt_error(p->h));
	return 0;
}

int stmt_prepare(struct db *db, enum stmt q, struct prepared **ret,
		 struct err *err)
{
	struct prepared *p = db->prep[q];
	const char *sql = table[q].sql;
	int rc = 0;

	if (p != NULL) {
		*ret = p;
		return 0;
	}
	p = NEW(db->conn, struct prepared);
	p->n_in = strlen(table[q].in);
	p->n_out = strlen(table[q].out);
	p->read = is_read(sql);
	p->h = mysql_stmt_init(db->my);
	assert(p->h != NULL);
	if (mysql_stmt_prepare(p->h, sql, strlen(sql)) != 0) {
		unsigned no = db->last_no = mysql_stmt_errno(p->h);

		rc = db_fail(err, q, no, mysql_stmt_error(p->h));
		tx_doom(db, db_classify(no));
		mysql_stmt_close(p->h);
		if (db_classify(no) == DBC_LOST)
			conn_drop(db);
		return rc;
	}
	rc = check_shape(q, p, err);
	if (rc == 0)
		rc = bind_columns(q, db, p, err);
	if (rc < 0) {
		mysql_stmt_close(p->h);
		return rc;
	}
	db->prep[q] = p;
	*ret = p;
	return 0;
}

void stmt_drop_all(struct db *db)
{
	for (size_t q = 0; q < STMT__MAX; q++) {
		if (db->prep[q] != NULL)
			mysql_stmt_close(db->prep[q]->h);
		db->prep[q] = NULL;
	}
}

int db_connect(struct db *db, struct err *err)
{
	int rc = 0;

	db_close(db);
	db->fails = 0;
	rc = conn_open(db, db->o.timeout_ms, err);
	for (size_t i = 0; i < STMT__MAX && rc == 0; i++) {
		struct prepared *p = NULL;

		rc = stmt_prepare(db, (enum stmt)i, &p, err);
		if (rc == 0) {
			assert(p != NULL);
			/* 16,382 of them is all that one server has room
			 * for: keep those that are used. */
			mysql_stmt_close(p->h);
			db->prep[i] = NULL;
		}
	}
	if (rc == -E_BUG)
		err_wrap(err, "the schema does not fit this program");
	return rc;
}

/* ---- arguments ---------------------------------------------------------- */

int stmt_check_arg(enum stmt q, size_t i, const struct dbval *v,
		   struct err *err)
{
	char c = table[q].in[i], l = letter(c);
	bool fits = false;

	switch (v->type) {
	case DB_NULL:
		fits = may_be_null(c);
		break;
	case DB_I64:
		fits = l == 'i' || (l == 'u' && v->i >= 0);
		break;
	case DB_U64:
		fits = l == 'u' || (l == 'i' && v->u <= INT64_MAX);
		break;
	case DB_F64:
		fits = l == 'f';
		/* MariaDB has no NaN and no infinity. */
		if (fits && v->f - v->f != 0)
			return FAIL(err, E_INVAL, "%s: argument %zu is not finite",
				    stmt_name(q), i + 1);
		break;
	case DB_TEXT:
		fits = l == 's' || l == 'b';
		break;
	case DB_BLOB:
		fits = l == 'b';
		break;
	case DB_MONEY:
		fits = l == 'm';
		if (fits && !money_in_range(v->m))
			return FAIL(err, E_INVAL, "%s: amount %zu out of range",
				    stmt_name(q), i + 1);
		break;
	}
	if (!fits)
		return FAIL(err, E_BUG, "%s: argument %zu is no '%c'",
			    stmt_name(q), i + 1, c);
	return 0;
}

static int check_args(const struct stmt_call *c)
{
	size_t want = strlen(table[c->q].in);
	size_t rows = c->n_rows > 0 ? c->n_rows : 1;

	if (c->n_args != want)
		return FAIL(c->err, E_BUG, "%s: %zu arguments, %zu wanted",
			    stmt_name(c->q), c->n_args, want);
	for (size_t i = 0; i < rows * want; i++) {
		int rc = stmt_check_arg(c->q, i % want, &c->args[i], c->err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The library reads through these pointers and never writes. */
static void *lend(const void *p)
{
	return (void *)(uintptr_t)p;
}

void stmt_bind_in(struct prepared *p, const struct dbval *args)
{
	for (size_t i = 0; i < p->n_in; i++) {
		const struct dbval *v = &args[i];
		MYSQL_BIND *b = &p->in[i];

		*b = (MYSQL_BIND){ 0 };
		switch (v->type) {
		case DB_NULL:
			b->buffer_type = MYSQL_TYPE_NULL;
			break;
		case DB_I64:
		case DB_U64:
			b->buffer_type = MYSQL_TYPE_LONGLONG;
			b->is_unsigned = v->type == DB_U64;
			b->buffer = lend(&v->i);
			break;
		case DB_F64:
			b->buffer_type = MYSQL_TYPE_DOUBLE;
			b->buffer = lend(&v->f);
			break;
		case DB_TEXT:
		case DB_BLOB:
			b->buffer_type = v->type == DB_TEXT ? MYSQL_TYPE_STRING :
							      MYSQL_TYPE_BLOB;
			b->buffer = lend(v->s.n > 0 ? v->s.p : "");
			b->buffer_length = v->s.n;
			break;
		case DB_MONEY:
			/* Not as a string: MariaDB compares strings with
			 * DECIMAL as doubles. */
			b->buffer_type = MYSQL_TYPE_NEWDECIMAL;
			b->buffer = p->money[i];
			b->buffer_length = money_text(p->money[i], v->m);
			break;
		}
	}
}

/* ---- results ------------------------------------------------------------ */

static struct str cell_text(struct arena *out, struct prepared *p, size_t col)
{
	struct cell *cell = &p->cells[col];
	char *s = arena_alloc(out, cell->len + 1);

	if (cell->len <= sizeof(cell->text)) {
		memcpy(s, cell->text, cell->len);
	} else {
		unsigned long len = 0;
		MYSQL_BIND b = {
			.buffer_type = p->out[col].buffer_type,
			.buffer = s,
			.buffer_length = cell->len,
			.length = &len,
		};

		mysql_stmt_fetch_column(p->h, &b, (unsigned)col, 0);
	}
	return str_n(s, cell->len);
}

static int cell_value(struct arena *out, enum stmt q, struct prepared *p,
		      size_t col, struct dbval *ret, struct err *err)
{
	char c = table[q].out[col];
	struct cell *cell = &p->cells[col];
	bool good = true;

	if (cell->null) {
		*ret = V_NULL();
		good = may_be_null(c);
	} else {
		switch (letter(c)) {
		case 'i':
			*ret = V_I64(cell->i);
			good = !cell->cut;
			break;
		case 'u':
			*ret = V_U64((uint64_t)cell->i);
			good = !cell->cut;
			break;
		case 'f':
			*ret = V_F64(cell->f);
			break;
		case 'm':
			ret->type = DB_MONEY;
			good = cell->len < sizeof(cell->text) &&
			       money_read(&ret->m, cell->text, cell->len);
			break;
		case 's':
			*ret = V_TEXT(cell_text(out, p, col));
			break;
		default:
			*ret = V_TEXT(cell_text(out, p, col));
			ret->type = DB_BLOB;
			break;
		}
	}
	if (!good)
		return FAIL(err, E_BUG, "%s: value of column %zu is no '%c'",
			    stmt_name(q), col + 1, c);
	return 0;
}

static unsigned execute(struct prepared *p, struct stmt_call *c)
{
	unsigned no = 0;

	stmt_bind_in(p, c->args);
	if ((p->n_in > 0 && mysql_stmt_bind_param(p->h, p->in)) ||
	    mysql_stmt_execute(p->h) != 0)
		no = mysql_stmt_errno(p->h);
	/* "Gone" is what sending says: the server has not seen all of it. */
	c->sent = no != CR_SERVER_GONE_ERROR;
	return no;
}

static unsigned op_select(struct db *db, struct prepared *p,
			  struct stmt_call *c)
{
	unsigned no = execute(p, c);
	struct rows r = { .cols = p->n_out };
	int got = 0;

	(void)db;
	if (no == 0 && mysql_stmt_store_result(p->h) != 0)
		no = mysql_stmt_errno(p->h);
	if (no != 0)
		return no;
	r.v = NEW_N(c->out, struct dbval, mysql_stmt_num_rows(p->h) * r.cols + 1);
	while (c->rc == 0 &&
	       ((got = mysql_stmt_fetch(p->h)) == 0 || got == MYSQL_DATA_TRUNCATED)) {
		assert(r.n < mysql_stmt_num_rows(p->h));
		for (size_t i = 0; i < r.cols && c->rc == 0; i++)
			c->rc = cell_value(c->out, c->q, p, i,
					   &r.v[r.n * r.cols + i], c->err);
		r.n++;
	}
	if (got == 1)
		no = mysql_stmt_errno(p->h);
	mysql_stmt_free_result(p->h);
	if (no == 0 && c->rc == 0)
		*c->rows = r;
	return no;
}

static unsigned op_each(struct db *db, struct prepared *p, struct stmt_call *c)
{
	unsigned no = execute(p, c);
	struct arena *row = arena_push(db->arena, "row");
	struct rows r = { .n = 1, .cols = p->n_out };
	int got = 0;

	db->busy = true;
	while (no == 0 && c->rc == 0 &&
	       ((got = mysql_stmt_fetch(p->h)) == 0 || got == MYSQL_DATA_TRUNCATED)) {
		arena_reset(row);
		r.v = NEW_N(row, struct dbval, r.cols);
		for (size_t i = 0; i < r.cols && c->rc == 0; i++)
			c->rc = cell_value(row, c->q, p, i, &r.v[i], c->err);
		if (c->rc == 0) {
			c->delivered = true;
			c->rc = c->each(c->ctx, &r, c->err);
		}
	}
	if (no == 0 && got == 1)
		no = mysql_stmt_errno(p->h);
	db->busy = false;
	mysql_stmt_free_result(p->h);
	arena_free(&row);
	return no;
}

static unsigned op_exec(struct db *db, struct prepared *p, struct stmt_call *c)
{
	unsigned no = execute(p, c);

	(void)db;
	if (no == 0) {
		c->changed = mysql_stmt_affected_rows(p->h);
		c->insert_id = mysql_stmt_insert_id(p->h);
	}
	return no;
}

/* ---- the rules for what fails ------------------------------------------- */

static unsigned run_op(struct db *db, struct prepared *p, struct stmt_call *c)
{
	unsigned no;

	c->sent = true;
	if (FAULT(p->read ? "db.read" : "db.exec"))
		return CR_SERVER_LOST;
	no = c->op(db, p, c);
	/* It was done, and the answer is lost. */
	if (no == 0 && !p->read && FAULT("db.exec.after"))
		no = CR_SERVER_LOST;
	return no;
}

/* The connection is lost.  True: try once more. */
static bool after_loss(struct db *db, struct stmt_call *c, bool read,
		       int64_t started_ns, int *rc)
{
	bool in_tx = db->in_tx;
	bool safe = (read && !c->delivered) || !c->sent;
	bool waited = clock_mono_ns() - started_ns >=
		      db->o.timeout_ms * 1000000;

	conn_drop(db);
	if (in_tx)
		return false;
	if (!read && c->sent) {
		*rc = FAIL(c->err, E_UNCERTAIN, "%s: connection lost",
			   stmt_name(c->q));
		return false;
	}
	return safe && !waited;
}

/* One attempt.  True: another one is allowed. */
static bool attempt(struct db *db, struct stmt_call *c, bool *lost,
		    unsigned *busy, int *rc)
{
	int64_t t0 = clock_mono_ns();
	struct prepared *p = NULL;
	unsigned no;
	bool read;

	*rc = conn_ready(db, c->err);
	if (*rc < 0)
		return false;
	c->sent = c->delivered = false;
	c->rc = 0;
	*rc = stmt_prepare(db, c->q, &p, c->err);
	if (*rc < 0) {
		bool again = db->my == NULL && !db->in_tx && !*lost;

		*lost = true;
		return again;
	}
	assert(p != NULL);
	read = p->read;
	no = db->last_no = run_op(db, p, c);
	db->used_ns = clock_mono_ns();
	if (no == 0) {
		*rc = c->rc;
		return false;
	}
	*rc = db_fail(c->err, c->q, no, mysql_stmt_error(p->h));
	tx_doom(db, db_classify(no));
	switch (db_classify(no)) {
	case DBC_LOST:
		if (after_loss(db, c, read, t0, rc) && !*lost) {
			*lost = true;
			return true;
		}
		return false;
	case DBC_RETRY:
		if (db->in_tx || *busy == BUSY_RETRIES)
			return false;
		clock_sleep_ms(1 + rand_jitter_ms(BUSY_JITTER_MS << *busy));
		(*busy)++;
		return true;
	case DBC_DEFINITE:
		break;
	}
	return false;
}

int stmt_call(struct db *db, struct stmt_call *c)
{
	int64_t t0 = clock_mono_ns();
	bool lost = false;
	unsigned busy = 0;
	int rc = check_args(c);

	if (rc < 0)
		return rc;
	while (attempt(db, c, &lost, &busy, &rc))
		;
	if (db->hooks != NULL && db->hooks->done != NULL)
		db->hooks->done(db->hooks->ctx, c->q, clock_mono_ns() - t0, rc);
	return rc;
}

int db_select(struct arena *out, struct db *db, enum stmt q,
	      const struct dbval *args, size_t n_args, struct rows *ret,
	      struct err *err)
{
	struct stmt_call c = {
		.q = q, .args = args, .n_args = n_args, .op = op_select,
		.out = out, .rows = ret, .err = err,
	};

	return stmt_call(db, &c);
}

int db_each(struct db *db, enum stmt q, const struct dbval *args, size_t n_args,
	    int (*fn)(void *ctx, const struct rows *row, struct err *err),
	    void *ctx, struct err *err)
{
	struct stmt_call c = {
		.q = q, .args = args, .n_args = n_args, .op = op_each,
		.each = fn, .ctx = ctx, .err = err,
	};

	return stmt_call(db, &c);
}

int db_exec(struct db *db, enum stmt q, const struct dbval *args, size_t n_args,
	    uint64_t *ret_changed, uint64_t *ret_insert_id, struct err *err)
{
	struct stmt_call c = {
		.q = q, .args = args, .n_args = n_args, .op = op_exec,
		.err = err,
	};
	int rc = stmt_call(db, &c);

	if (rc == 0 && ret_changed != NULL)
		*ret_changed = c.changed;
	if (rc == 0 && ret_insert_id != NULL)
		*ret_insert_id = c.insert_id;
	return rc;
}
