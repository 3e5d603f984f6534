#include "config.h"

#include "db/db_i.h"

/* One packet holds a chunk; the server's default limit is 16 MiB. */
#define CHUNK_ROWS	10000
#define CHUNK_BYTES	((size_t)4 << 20)

static size_t value_size(const struct dbval *v)
{
	switch (v->type) {
	case DB_TEXT:
	case DB_BLOB:
		return v->s.n + 9;
	case DB_MONEY:
		return MONEY_TEXT_MAX;
	case DB_NULL:
	case DB_I64:
	case DB_U64:
	case DB_F64:
		break;
	}
	return sizeof(uint64_t) + 1;
}

static size_t chunk_rows(const struct dbval *v, size_t n_rows, size_t n_args)
{
	size_t n = 0, bytes = 0;

	while (n < n_rows && n < CHUNK_ROWS) {
		for (size_t i = 0; i < n_args; i++)
			bytes += value_size(&v[n * n_args + i]);
		if (bytes > CHUNK_BYTES && n > 0)
			break;
		n++;
	}
	return n;
}

/* The type of a column is that of its first value that is not NULL; the
 * letters of the statement hold the others to it. */
static enum dbtype column_type(const struct dbval *v, size_t n, size_t n_args)
{
	for (size_t i = 0; i < n; i++)
		if (v[i * n_args].type != DB_NULL)
			return v[i * n_args].type;
	return DB_NULL;
}

static void bind_numbers(struct arena *a, MYSQL_BIND *b, const struct dbval *v,
			 size_t n, size_t n_args)
{
	int64_t *num = NEW_N(a, int64_t, n);

	/* i, u and f share their eight bytes. */
	for (size_t i = 0; i < n; i++)
		num[i] = v[i * n_args].type == DB_NULL ? 0 : v[i * n_args].i;
	b->buffer = num;
}

static void bind_texts(struct arena *a, MYSQL_BIND *b, const struct dbval *v,
		       size_t n, size_t n_args)
{
	const char **text = NEW_N(a, const char *, n);
	unsigned long *len = NEW_N(a, unsigned long, n);

	for (size_t i = 0; i < n; i++) {
		const struct dbval *x = &v[i * n_args];

		text[i] = "";
		if (x->type == DB_MONEY) {
			char *t = arena_alloc(a, MONEY_TEXT_MAX);

			len[i] = money_text(t, x->m);
			text[i] = t;
		} else if (x->type != DB_NULL && x->s.n > 0) {
			text[i] = x->s.p;
			len[i] = x->s.n;
		}
	}
	b->buffer = text;
	b->length = len;
}

static void bind_column(struct arena *a, MYSQL_BIND *b, const struct dbval *v,
			size_t n, size_t n_args)
{
	char *ind = NEW_N(a, char, n);

	for (size_t i = 0; i < n; i++)
		ind[i] = v[i * n_args].type == DB_NULL ? STMT_INDICATOR_NULL :
							 STMT_INDICATOR_NONE;
	b->u.indicator = ind;
	switch (column_type(v, n, n_args)) {
	case DB_U64:
		b->is_unsigned = 1;
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		bind_numbers(a, b, v, n, n_args);
		break;
	case DB_NULL:
	case DB_I64:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		bind_numbers(a, b, v, n, n_args);
		break;
	case DB_F64:
		b->buffer_type = MYSQL_TYPE_DOUBLE;
		bind_numbers(a, b, v, n, n_args);
		break;
	case DB_TEXT:
		b->buffer_type = MYSQL_TYPE_STRING;
		bind_texts(a, b, v, n, n_args);
		break;
	case DB_BLOB:
		b->buffer_type = MYSQL_TYPE_BLOB;
		bind_texts(a, b, v, n, n_args);
		break;
	case DB_MONEY:
		b->buffer_type = MYSQL_TYPE_NEWDECIMAL;
		bind_texts(a, b, v, n, n_args);
		break;
	}
}

static unsigned chunk(struct db *db, struct prepared *p, const struct dbval *v,
		      unsigned n)
{
	unsigned no = 0;

	SCOPE(tmp, db->arena) {
		MYSQL_BIND *in = NEW_N(tmp, MYSQL_BIND, p->n_in);

		for (size_t i = 0; i < p->n_in; i++)
			bind_column(tmp, &in[i], v + i, n, p->n_in);
		mysql_stmt_attr_set(p->h, STMT_ATTR_ARRAY_SIZE, &n);
		if (mysql_stmt_bind_param(p->h, in) ||
		    mysql_stmt_execute(p->h) != 0)
			no = mysql_stmt_errno(p->h);
		n = 0;
		mysql_stmt_attr_set(p->h, STMT_ATTR_ARRAY_SIZE, &n);
	}
	return no;
}

unsigned many_op(struct db *db, struct prepared *p, struct stmt_call *c)
{
	size_t done = 0;
	unsigned no = 0;

	while (done < c->n_rows && no == 0) {
		const struct dbval *v = c->args + done * c->n_args;
		size_t n = chunk_rows(v, c->n_rows - done, c->n_args);

		no = chunk(db, p, v, (unsigned)n);
		done += n;
	}
	return no;
}

static int many_tx(void *ctx, struct db *db, struct err *err)
{
	struct stmt_call *c = ctx;

	c->err = err;
	return stmt_call(db, c);
}

int db_exec_many(struct db *db, enum stmt q, const struct dbval *args,
		 size_t n_rows, size_t n_args, struct err *err)
{
	struct stmt_call c = {
		.q = q, .args = args, .n_args = n_args, .n_rows = n_rows,
		.op = many_op, .err = err,
	};

	assert(n_args > 0);
	if (n_rows == 0)
		return 0;
	return db_tx_join(db, many_tx, &c, err);
}
