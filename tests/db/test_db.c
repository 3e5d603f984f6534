#include "config.h"

#include "test.h"
#include "t_db.h"

#include <string.h>

#include "core/clock.h"
#include "db/migrate.h"

static struct arena *root;
static struct db *db;
static struct err err;

static void OK(int rc)
{
	if (rc != 0)
		fail_msg("%d: %s", rc, err.msg);
}

static int fresh(void **state)
{
	(void)state;
	root = arena_new("test", 256u << 20);
	db = t_db_open(root);
	t_db_sql("CREATE OR REPLACE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT"
		 " PRIMARY KEY, i BIGINT, u BIGINT UNSIGNED, f DOUBLE,"
		 " s VARCHAR(2000), b MEDIUMBLOB, m DECIMAL(38,18))"
		 " ENGINE=InnoDB;"
		 "CREATE OR REPLACE TABLE k (id BIGINT PRIMARY KEY,"
		 " s VARCHAR(5) NOT NULL CHECK (s <> 'no')) ENGINE=InnoDB;"
		 "CREATE OR REPLACE TABLE bal (id BIGINT UNSIGNED PRIMARY KEY,"
		 " m DECIMAL(38,18) NOT NULL) ENGINE=InnoDB");
	t_db_sql("%s", migrate_table_sql);
	return 0;
}

static int done(void **state)
{
	(void)state;
	arena_free(&root);
	return 0;
}

static struct quote Q(const char *s)
{
	struct quote q;

	assert_true(quote_parse(&q, s));
	return q;
}

static void values_of_every_type_come_back_as_they_were(void **state)
{
	static const char *const amounts[] = {
		"0", "1", "-1", "0.000000000000000001",
		"99999999999999999999.999999999999999999",
		"-99999999999999999999.999999999999999999", "12.5",
	};
	uint64_t id;
	struct rows r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(amounts); i++) {
		char bytes[300];

		memset(bytes, (int)i, sizeof(bytes));
		OK(db_exec(db, Q_T_ADD,
			   ARGS(V_I64(i % 2 ? INT64_MIN : INT64_MAX),
				V_U64(UINT64_MAX - i), V_F64(0.1 * (double)i),
				V_STR("d\xc3\xa9j\xc3\xa0 'vu'; --"),
				V_BLOB(bytes, i * 40), V_QUOTE(Q(amounts[i]))),
			   NULL, &id, &err));
		assert_int_equal(id, i + 1);
	}
	OK(db_select(root, db, Q_T_ALL, NOARGS, &r, &err));
	assert_int_equal(r.n, ARRAY_LEN(amounts));
	for (size_t i = 0; i < r.n; i++) {
		assert_int_equal(row_u64(&r, i, 0), i + 1);
		assert_true(row_i64(&r, i, 1) == (i % 2 ? INT64_MIN : INT64_MAX));
		assert_true(row_u64(&r, i, 2) == UINT64_MAX - i);
		assert_true(row_f64(&r, i, 3) == 0.1 * (double)i);
		assert_string_equal(row_cstr(&r, i, 4),
				    "d\xc3\xa9j\xc3\xa0 'vu'; --");
		assert_int_equal(row_str(&r, i, 5).n, i * 40);
		for (size_t k = 0; k < i * 40; k++)
			assert_int_equal(row_str(&r, i, 5).p[k], i);
		assert_int_equal(quote_cmp(row_quote(&r, i, 6), Q(amounts[i])), 0);
	}
}

static void null_is_null_only_where_it_may_be(void **state)
{
	struct rows r = { 0 };

	(void)state;
	OK(db_exec(db, Q_T_ADD, ARGS(V_NULL(), V_NULL(), V_NULL(), V_STR(NULL),
				     V_NULL(), V_NULL()), NULL, NULL, &err));
	OK(db_select(root, db, Q_T_ALL, NOARGS, &r, &err));
	assert_int_equal(r.n, 1);
	for (size_t c = 1; c < r.cols; c++)
		assert_true(row_null(&r, 0, c));
	assert_null(row_cstr(&r, 0, 4));
	assert_int_equal(row_str(&r, 0, 4).n, 0);
	assert_int_equal(db_select(root, db, Q_T_NOT_NULL, NOARGS, &r, &err),
			 -E_BUG);
	assert_non_null(strstr(err.msg, "Q_T_NOT_NULL"));
	assert_int_equal(r.n, 1);	/* untouched on failure */
}

static void arguments_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	assert_int_equal(db_exec(db, Q_T_SET, ARGS(V_STR("x")), NULL, NULL, &err),
			 -E_BUG);
	assert_int_equal(db_exec(db, Q_T_SET, ARGS(V_STR(NULL), V_U64(1)), NULL,
				 NULL, &err), -E_BUG);
	assert_int_equal(db_exec(db, Q_T_SET, ARGS(V_I64(1), V_U64(1)), NULL,
				 NULL, &err), -E_BUG);
	assert_int_equal(db_exec(db, Q_T_SET, ARGS(V_STR("x"), V_I64(-1)), NULL,
				 NULL, &err), -E_BUG);
	OK(db_exec(db, Q_T_SET, ARGS(V_STR("x"), V_I64(1)), NULL, NULL, &err));
}

static void an_amount_beyond_decimal_is_refused_before_it_is_sent(void **state)
{
	struct dbval v[] = { V_NULL(), V_NULL(), V_NULL(), V_NULL(), V_NULL(),
			     V_QUOTE(Q("100000000000000000000")) };

	(void)state;
	assert_int_equal(db_exec(db, Q_T_ADD, v, ARRAY_LEN(v), NULL, NULL, &err),
			 -E_INVAL);
	v[5] = V_QUOTE(Q("-100000000000000000000"));
	assert_int_equal(db_exec(db, Q_T_ADD, v, ARRAY_LEN(v), NULL, NULL, &err),
			 -E_INVAL);
	v[5] = V_NULL();
	v[2] = V_F64(0.0 / 0.0);
	assert_int_equal(db_exec(db, Q_T_ADD, v, ARRAY_LEN(v), NULL, NULL, &err),
			 -E_INVAL);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM t"), 0);
}

static void money_is_compared_and_added_exactly(void **state)
{
	struct rows r;

	(void)state;
	/* As doubles these two are equal. */
	t_db_sql("INSERT INTO t (m) VALUES (12345678901234567.000000000000000001),"
		 " (12345678901234567.000000000000000002);"
		 "INSERT INTO bal VALUES (1, 0.1)");
	OK(db_select(root, db, Q_T_BY_MONEY,
		     ARGS(V_QUOTE(Q("12345678901234567.000000000000000002"))),
		     &r, &err));
	assert_int_equal(r.n, 1);
	assert_int_equal(row_u64(&r, 0, 0), 2);
	for (int i = 0; i < 10; i++)
		OK(db_exec(db, Q_BAL_ADD,
			   ARGS(V_QUOTE(Q("0.200000000000000001")), V_U64(1)),
			   NULL, NULL, &err));
	OK(db_select(root, db, Q_BAL_GET, ARGS(V_U64(1)), &r, &err));
	assert_int_equal(quote_cmp(row_quote(&r, 0, 0),
				   Q("2.10000000000000001")), 0);
}

static void text_of_any_length_arrives_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 71, 72, 73, 100, 1999, 2000 };
	char text[2001];
	struct rows r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		memset(text, 'a' + (int)i, sizeof(text));
		OK(db_exec(db, Q_T_ADD,
			   ARGS(V_NULL(), V_NULL(), V_NULL(),
				V_TEXT(str_n(text, sizes[i])), V_NULL(), V_NULL()),
			   NULL, NULL, &err));
	}
	OK(db_select(root, db, Q_T_ALL, NOARGS, &r, &err));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		memset(text, 'a' + (int)i, sizeof(text));
		assert_int_equal(row_str(&r, i, 4).n, sizes[i]);
		assert_memory_equal(row_cstr(&r, i, 4), text, sizes[i]);
		assert_int_equal(row_cstr(&r, i, 4)[sizes[i]], '\0');
	}
	/* too long, and not UTF-8 */
	assert_int_equal(db_exec(db, Q_T_SET,
				 ARGS(V_TEXT(str_n(text, 2001)), V_U64(1)),
				 NULL, NULL, &err), -E_INVAL);
	assert_int_equal(db_exec(db, Q_T_SET, ARGS(V_STR("\xff"), V_U64(1)),
				 NULL, NULL, &err), -E_INVAL);
}

static void what_the_table_forbids_is_a_conflict(void **state)
{
	(void)state;
	OK(db_exec(db, Q_K_ADD, ARGS(V_I64(1), V_STR("a")), NULL, NULL, &err));
	assert_int_equal(db_exec(db, Q_K_ADD, ARGS(V_I64(1), V_STR("b")), NULL,
				 NULL, &err), -E_CONFLICT);
	assert_int_equal(db_exec(db, Q_K_ADD, ARGS(V_I64(2), V_STR("no")), NULL,
				 NULL, &err), -E_CONFLICT);
	assert_int_equal(db_exec(db, Q_K_ADD, ARGS(V_I64(2), V_STR("toolong")),
				 NULL, NULL, &err), -E_INVAL);
}

static void changed_counts_the_rows_that_matched(void **state)
{
	uint64_t n = 9;

	(void)state;
	t_db_sql("INSERT INTO t (s) VALUES ('same')");
	OK(db_exec(db, Q_T_SET, ARGS(V_STR("same"), V_U64(1)), &n, NULL, &err));
	assert_int_equal(n, 1);
	OK(db_exec(db, Q_T_SET, ARGS(V_STR("same"), V_U64(2)), &n, NULL, &err));
	assert_int_equal(n, 0);
}

#define MANY 25000
static void many_rows_go_in_at_once(void **state)
{
	struct dbval *v = NEW_N(root, struct dbval, (size_t)MANY * 6);
	struct rows r;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		struct dbval *x = &v[i * 6];

		x[0] = i % 3 ? V_I64(-(int64_t)i) : V_NULL();
		x[1] = V_U64(UINT64_MAX - i);
		x[2] = i % 5 ? V_F64((double)i / 7) : V_NULL();
		x[3] = i % 7 ? V_STR(arena_printf(root, "text %zu", i)) : V_NULL();
		x[4] = V_BLOB(&v[i], i % 40);
		x[5] = i % 2 ? V_QUOTE(quote_from_raw((money_raw)i * 3 - 7)) :
			       V_NULL();
	}
	OK(db_exec_many(db, Q_T_ADD, v, MANY, 6, &err));
	OK(db_select(root, db, Q_T_ALL, NOARGS, &r, &err));
	assert_int_equal(r.n, MANY);
	for (size_t i = 0; i < MANY; i++) {
		const struct dbval *x = &v[i * 6];

		for (size_t c = 0; c < 6; c++) {
			const struct dbval *y = row_at(&r, i, c + 1);

			assert_int_equal(x[c].type, y->type);
			switch (x[c].type) {
			case DB_NULL: break;
			case DB_I64: case DB_U64: case DB_F64:
				assert_true(x[c].u == y->u);
				break;
			case DB_TEXT: case DB_BLOB:
				assert_true(str_eq(x[c].s, y->s));
				break;
			case DB_MONEY:
				assert_true(x[c].m == y->m);
				break;
			}
		}
	}
}

static void many_rows_are_all_or_nothing(void **state)
{
	static struct dbval v[20002 * 2];

	(void)state;
	for (size_t i = 0; i < 20002; i++) {
		v[i * 2] = V_I64((int64_t)i);
		v[i * 2 + 1] = V_STR("x");
	}
	v[20001 * 2] = V_I64(5);	/* in the third chunk: a duplicate */
	assert_int_equal(db_exec_many(db, Q_K_ADD, v, 20002, 2, &err),
			 -E_CONFLICT);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM k"), 0);
	OK(db_exec_many(db, Q_K_ADD, v, 20001, 2, &err));
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM k"), 20001);
	OK(db_exec_many(db, Q_K_ADD, v, 0, 2, &err));
	/* and a single row may follow on the same statement */
	OK(db_exec(db, Q_K_ADD, ARGS(V_I64(99999), V_STR("y")), NULL, NULL, &err));
}

static int sum(void *ctx, const struct rows *row, struct err *e)
{
	int64_t *n = ctx;

	if (++*n == 700)
		return FAIL(e, E_LIMIT, "enough");
	assert_int_equal(row_u64(row, 0, 0), *n);
	assert_int_equal(row_str(row, 0, 4).n, 500);
	return 0;
}

static void rows_come_one_by_one_and_can_be_stopped(void **state)
{
	int64_t n = 0;
	struct rows r;
	size_t before;

	(void)state;
	t_db_sql("INSERT INTO t (s) SELECT REPEAT('x', 500) FROM seq_1_to_600");
	OK(db_connect(db, &err));
	before = arena_used(root);
	OK(db_each(db, Q_T_ALL, NOARGS, sum, &n, &err));
	assert_int_equal(n, 600);
	assert_true(arena_used(root) < before + 200000);
	n = 200;	/* row 201 would have id 1: stop at 700 by another way */
	t_db_sql("TRUNCATE t; ALTER TABLE t AUTO_INCREMENT = 201;"
		 "INSERT INTO t (s) SELECT REPEAT('x', 500) FROM seq_1_to_900");
	assert_int_equal(db_each(db, Q_T_ALL, NOARGS, sum, &n, &err), -E_LIMIT);
	assert_int_equal(n, 700);
	/* the connection is good for the next statement */
	OK(db_select(root, db, Q_CONN_ID, NOARGS, &r, &err));
}

static int add_then_fail(void *ctx, struct db *d, struct err *e)
{
	(void)ctx;
	if (db_exec(d, Q_K_ADD, ARGS(V_I64(1), V_STR("a")), NULL, NULL, e) < 0)
		return -(int)e->code;
	return FAIL(e, E_UNPROCESSABLE, "a rule says no");
}

static int add_ok(void *ctx, struct db *d, struct err *e)
{
	assert_true(db_in_tx(d));
	return db_exec(d, Q_K_ADD, ARGS(V_I64(*(int *)ctx), V_STR("a")), NULL,
		       NULL, e);
}

/* A duplicate key does not end a transaction: fn may decide. */
static int add_twice(void *ctx, struct db *d, struct err *e)
{
	(void)ctx;
	for (int i = 0; i < 2; i++) {
		int rc = db_exec(d, Q_K_ADD, ARGS(V_I64(7), V_STR("a")), NULL,
				 NULL, e);

		if (rc < 0 && rc != -E_CONFLICT)
			return rc;
		if (rc < 0)
			return db_tx_join(d, add_ok, &(int){ 8 }, e);
	}
	return FAIL(e, E_BUG, "no conflict");
}

static void a_transaction_commits_or_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(db_tx(db, add_then_fail, NULL, &err), -E_UNPROCESSABLE);
	assert_false(db_in_tx(db));
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM k"), 0);
	OK(db_tx(db, add_ok, &(int){ 3 }, &err));
	OK(db_tx(db, add_twice, NULL, &err));
	OK(db_tx_join(db, add_ok, &(int){ 9 }, &err));
	assert_string_equal(t_db_query("SELECT GROUP_CONCAT(id ORDER BY id) FROM k"),
			    "3,7,8,9");
}

static void the_session_is_as_the_program_expects(void **state)
{
	struct rows r;

	(void)state;
	OK(db_select(root, db, Q_SESSION, NOARGS, &r, &err));
	assert_non_null(strstr(row_cstr(&r, 0, 0), "STRICT_ALL_TABLES"));
	assert_string_equal(row_cstr(&r, 0, 1), "+00:00");
	assert_int_equal(row_i64(&r, 0, 2), 1);
	assert_int_equal(row_i64(&r, 0, 3), 5);
	assert_string_equal(row_cstr(&r, 0, 4), "utf8mb4_bin");
}

static void a_schema_that_does_not_fit_is_found_at_connect(void **state)
{
	(void)state;
	OK(db_connect(db, &err));
	t_db_sql("ALTER TABLE k DROP COLUMN s");
	assert_int_equal(db_connect(db, &err), -E_BUG);
	assert_non_null(strstr(err.msg, "Q_K_ADD"));
	/* A column of another kind is found as well. */
	t_db_sql("ALTER TABLE k ADD COLUMN s VARCHAR(5) NOT NULL DEFAULT '';"
		 "ALTER TABLE bal MODIFY m DECIMAL(38,20) NOT NULL");
	assert_int_equal(db_connect(db, &err), -E_BUG);
	assert_non_null(strstr(err.msg, "Q_BAL_GET"));
	t_db_sql("ALTER TABLE bal MODIFY m VARCHAR(40) NOT NULL");
	assert_int_equal(db_connect(db, &err), -E_BUG);
}

static void a_lock_is_held_by_one(void **state)
{
	struct db *other = t_db_open(root);

	(void)state;
	OK(db_lock(db, "job", 0, &err));
	assert_int_equal(db_lock(other, "job", 100, &err), -E_BUSY);
	OK(db_lock(other, "other job", 0, &err));
	db_unlock(db, "job");
	OK(db_lock(other, "job", 0, &err));
	db_unlock(other, "job");
	db_unlock(other, "other job");
}

static int64_t conn_id(struct db *d)
{
	struct rows r;

	OK(db_select(root, d, Q_CONN_ID, NOARGS, &r, &err));
	return row_i64(&r, 0, 0);
}

static void an_old_connection_is_renewed_but_not_with_a_lock(void **state)
{
	struct db_opts o = { .socket = t_db_socket(), .name = "orch",
			     .user = "orch", .timeout_ms = 3000,
			     .recycle_ms = 100, .ping_idle_ms = 10 };
	struct db *d = db_new_opts(root, &o);
	int64_t a = conn_id(d);

	(void)state;
	assert_int_equal(conn_id(d), a);
	clock_sleep_ms(110);
	assert_int_not_equal(conn_id(d), a);
	OK(db_lock(d, "l", 0, &err));
	a = conn_id(d);
	clock_sleep_ms(110);
	assert_int_equal(conn_id(d), a);
	db_unlock(d, "l");
	assert_int_not_equal(conn_id(d), a);
}

static void a_ping_measures_the_round_trip(void **state)
{
	int64_t us = -1;

	(void)state;
	OK(db_ping(db, 1000, &us, &err));	/* connects */
	OK(db_ping(db, 1000, &us, &err));
	assert_true(us >= 0 && us < 1000000);
}

struct seen { unsigned n; enum stmt q; int rc; };
static void count(void *ctx, enum stmt q, int64_t ns, int rc)
{
	struct seen *s = ctx;

	assert_true(ns > 0);
	*s = (struct seen){ s->n + 1, q, rc };
}

static void every_statement_is_counted_and_timed(void **state)
{
	struct seen s = { 0 };
	struct db_hooks h = { count, &s };

	(void)state;
	db_set_hooks(db, &h);
	conn_id(db);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.q, Q_CONN_ID);
	assert_int_equal(s.rc, 0);
	OK(db_exec(db, Q_K_ADD, ARGS(V_I64(1), V_STR("a")), NULL, NULL, &err));
	assert_int_equal(db_exec(db, Q_K_ADD, ARGS(V_I64(1), V_STR("b")), NULL,
				 NULL, &err), -E_CONFLICT);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.rc, -E_CONFLICT);
	db_set_hooks(db, NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(values_of_every_type_come_back_as_they_were),
		T(null_is_null_only_where_it_may_be),
		T(arguments_that_do_not_fit_are_refused),
		T(an_amount_beyond_decimal_is_refused_before_it_is_sent),
		T(money_is_compared_and_added_exactly),
		T(text_of_any_length_arrives_whole),
		T(what_the_table_forbids_is_a_conflict),
		T(changed_counts_the_rows_that_matched),
		T(many_rows_go_in_at_once),
		T(many_rows_are_all_or_nothing),
		T(rows_come_one_by_one_and_can_be_stopped),
		T(a_transaction_commits_or_leaves_nothing),
		T(the_session_is_as_the_program_expects),
		T(a_schema_that_does_not_fit_is_found_at_connect),
		T(a_lock_is_held_by_one),
		T(an_old_connection_is_renewed_but_not_with_a_lock),
		T(a_ping_measures_the_round_trip),
		T(every_statement_is_counted_and_timed),
	};

	t_db_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
