#include "config.h"

#include <errmsg.h>
#include <errno.h>
#include <fcntl.h>
#include <mysqld_error.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/rand.h"
#include "db/db_i.h"
#include "proc/board.h"

#define CONN_LIMIT	((size_t)64 << 20)	/* buffers of prepared statements */
#define BACKOFF_MIN_MS	100
#define BACKOFF_MAX_MS	3200
#define PING_MS		2000			/* the ping before use */

/* Not in the headers of every version. */
#define ER_TIMED_OUT_CONNECTION	4031

/* What the numbers mean for us.  What is not listed is a definite refusal for
 * which we have no other explanation than a mistake of our own. */
static const struct meaning {
	unsigned no;
	enum db_class class;
	enum errc code;
} meanings[] = {
	{ CR_SERVER_GONE_ERROR, DBC_LOST, E_DB },
	{ CR_SERVER_LOST, DBC_LOST, E_DB },
	{ CR_COMMANDS_OUT_OF_SYNC, DBC_LOST, E_DB },
	{ CR_CONNECTION_ERROR, DBC_LOST, E_DB },
	{ CR_CONN_HOST_ERROR, DBC_LOST, E_DB },
	{ CR_SSL_CONNECTION_ERROR, DBC_LOST, E_DB },
	{ CR_MALFORMED_PACKET, DBC_LOST, E_DB },
	{ ER_SERVER_SHUTDOWN, DBC_LOST, E_DB },
	{ ER_NORMAL_SHUTDOWN, DBC_LOST, E_DB },
	{ ER_ABORTING_CONNECTION, DBC_LOST, E_DB },
	{ ER_NEW_ABORTING_CONNECTION, DBC_LOST, E_DB },
	{ ER_NET_READ_ERROR, DBC_LOST, E_DB },
	{ ER_NET_READ_INTERRUPTED, DBC_LOST, E_DB },
	{ ER_NET_ERROR_ON_WRITE, DBC_LOST, E_DB },
	{ ER_NET_WRITE_INTERRUPTED, DBC_LOST, E_DB },
	{ ER_NET_PACKETS_OUT_OF_ORDER, DBC_LOST, E_DB },
	{ ER_CONNECTION_KILLED, DBC_LOST, E_DB },
	{ ER_TIMED_OUT_CONNECTION, DBC_LOST, E_DB },
	{ ER_LOCK_DEADLOCK, DBC_RETRY, E_BUSY },
	{ ER_LOCK_WAIT_TIMEOUT, DBC_RETRY, E_BUSY },
	{ ER_CHECKREAD, DBC_RETRY, E_BUSY },
	{ ER_DUP_ENTRY, DBC_DEFINITE, E_CONFLICT },
	{ ER_DUP_ENTRY_WITH_KEY_NAME, DBC_DEFINITE, E_CONFLICT },
	{ ER_ROW_IS_REFERENCED, DBC_DEFINITE, E_CONFLICT },
	{ ER_ROW_IS_REFERENCED_2, DBC_DEFINITE, E_CONFLICT },
	{ ER_NO_REFERENCED_ROW, DBC_DEFINITE, E_CONFLICT },
	{ ER_NO_REFERENCED_ROW_2, DBC_DEFINITE, E_CONFLICT },
	{ ER_CONSTRAINT_FAILED, DBC_DEFINITE, E_CONFLICT },
	{ ER_BAD_NULL_ERROR, DBC_DEFINITE, E_INVAL },
	{ ER_JSON_BAD_CHR, DBC_DEFINITE, E_INVAL },
	{ ER_JSON_NOT_JSON_CHR, DBC_DEFINITE, E_INVAL },
	{ ER_JSON_EOS, DBC_DEFINITE, E_INVAL },
	{ ER_JSON_SYNTAX, DBC_DEFINITE, E_INVAL },
	{ ER_JSON_ESCAPING, DBC_DEFINITE, E_INVAL },
	{ ER_JSON_DEPTH, DBC_DEFINITE, E_INVAL },
	{ ER_DATA_TOO_LONG, DBC_DEFINITE, E_INVAL },
	{ ER_WARN_DATA_OUT_OF_RANGE, DBC_DEFINITE, E_INVAL },
	{ ER_TRUNCATED_WRONG_VALUE, DBC_DEFINITE, E_INVAL },
	{ ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, DBC_DEFINITE, E_INVAL },
	{ ER_DATA_OUT_OF_RANGE, DBC_DEFINITE, E_INVAL },
	{ ER_NET_PACKET_TOO_LARGE, DBC_DEFINITE, E_INVAL },
	{ CR_NET_PACKET_TOO_LARGE, DBC_DEFINITE, E_INVAL },
	{ ER_STATEMENT_TIMEOUT, DBC_DEFINITE, E_DB },
	{ ER_QUERY_INTERRUPTED, DBC_DEFINITE, E_DB },
	{ ER_OPTION_PREVENTS_STATEMENT, DBC_DEFINITE, E_DB },
	{ ER_CON_COUNT_ERROR, DBC_DEFINITE, E_DB },
	{ ER_DISK_FULL, DBC_DEFINITE, E_DB },
	{ ER_RECORD_FILE_FULL, DBC_DEFINITE, E_DB },
	{ ER_OUT_OF_RESOURCES, DBC_DEFINITE, E_DB },
	{ ER_OUTOFMEMORY, DBC_DEFINITE, E_DB },
	{ ER_MAX_PREPARED_STMT_COUNT_REACHED, DBC_DEFINITE, E_DB },
};

static struct meaning meaning_of(unsigned no)
{
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].no == no)
			return meanings[i];
	return (struct meaning){ no, DBC_DEFINITE, E_BUG };
}

enum db_class db_classify(unsigned no)
{
	return meaning_of(no).class;
}

int db_fail(struct err *err, enum stmt q, unsigned no, const char *text)
{
	const char *name = q < STMT__MAX ? stmt_name(q) : "sql";

	return FAIL(err, meaning_of(no).code, "%s: %s (%u)", name, text, no);
}

void tx_doom(struct db *db, enum db_class c)
{
	if (!db->in_tx || c == DBC_DEFINITE)
		return;
	db->doomed = c == DBC_LOST ? E_DB : E_BUSY;
	db->doomed_retry = true;
}

static void defer_close(void *ptr)
{
	db_close(ptr);
}

struct db *db_new_opts(struct arena *out, const struct db_opts *o)
{
	struct db *db = NEW(out, struct db);

	assert(o->timeout_ms >= 1000);
	db->magic = DB_MAGIC;
	db->o = *o;
	db->arena = out;
	arena_defer(out, defer_close, db);
	return db;
}

struct db *db_new(struct arena *out, const struct conf *c)
{
	struct db_opts o = {
		.socket = c->db_host[0] == '\0' ? c->db_socket : NULL,
		.host = c->db_host, .port = (unsigned)c->db_port,
		.name = c->db_name, .user = c->db_user,
		.password = c->db_password,
		.timeout_ms = c->db_timeout * 1000,
		.recycle_ms = c->db_recycle * 1000,
		.ping_idle_ms = c->db_ping_idle * 1000,
	};

	return db_new_opts(out, &o);
}

void db_set_hooks(struct db *db, const struct db_hooks *hooks)
{
	db->hooks = hooks;
}

bool db_connected(const struct db *db)
{
	return db->my != NULL;
}

/* A child of the process that connected must not speak on its socket, not
 * even to say goodbye: point the descriptor elsewhere first. */
static void detach(MYSQL *my)
{
	int fd = (int)mysql_get_socket(my);
	int nul = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && nul >= 0)
		dup2(nul, fd);
	if (nul >= 0)
		close(nul);
}

void conn_drop(struct db *db)
{
	if (db->my == NULL)
		return;
	if (db->owner != getpid())
		detach(db->my);
	/* The statements are told that their connection is gone, and then
	 * freed without a word to the server. */
	mysql_close(db->my);
	db->my = NULL;
	board_slot_gauge_set(BS_DB_CONNECTIONS, 0);
	stmt_drop_all(db);
	arena_free(&db->conn);
	if (db->locks > 0)
		db->lock_lost = true;
}

void db_close(struct db *db)
{
	assert(db->magic == DB_MAGIC);
	conn_drop(db);
	db->in_tx = db->busy = false;
	db->doomed = E_OK;
	db->locks = 0;
	db->lock_lost = false;
}

/* Wait for what the library waits for, at most until the deadline; what it is
 * told then is that its own time-out has come. */
static int wait_io(MYSQL *my, int what, int64_t deadline_ns)
{
	struct pollfd p = { .fd = (int)mysql_get_socket(my) };
	int64_t left = deadline_ns - clock_mono_ns();
	int n, ret = 0;

	if (left <= 0)
		return MYSQL_WAIT_TIMEOUT;
	p.events = (short)((what & MYSQL_WAIT_READ ? POLLIN : 0) |
			   (what & MYSQL_WAIT_WRITE ? POLLOUT : 0) |
			   (what & MYSQL_WAIT_EXCEPT ? POLLPRI : 0));
	n = poll(&p, 1, (int)(left / 1000000 + 1));
	if (n < 0)
		return errno == EINTR ? 0 : MYSQL_WAIT_TIMEOUT;
	if (n == 0)
		return MYSQL_WAIT_TIMEOUT;
	if (p.revents & (POLLIN | POLLHUP | POLLERR))
		ret |= what & MYSQL_WAIT_READ;
	if (p.revents & (POLLOUT | POLLHUP | POLLERR))
		ret |= what & MYSQL_WAIT_WRITE;
	if (p.revents & POLLPRI)
		ret |= MYSQL_WAIT_EXCEPT;
	return ret;
}

/* The session as the whole program expects it, in one round trip. */
static void session_sql(const struct db *db, char *buf, size_t size)
{
	/* A statement that the server ends is "not done"; one that we stop
	 * waiting for would be "unknown", so the server's limit comes first. */
	int64_t s = db->o.timeout_ms > 2000 ? db->o.timeout_ms / 1000 - 1 : 1;

	if (db->o.long_statements)
		s = 0;
	snprintf(buf, size,
		 "SET SESSION sql_mode='STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,"
		 "NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
		 "NO_ENGINE_SUBSTITUTION', time_zone='+00:00', autocommit=1,"
		 " innodb_snapshot_isolation=ON, innodb_lock_wait_timeout=5,"
		 /* a process that was stopped within a transaction does not
		  * keep its locks from others for ever */
		 " idle_transaction_timeout=10,"
		 " collation_connection=utf8mb4_bin, max_statement_time=%d",
		 (int)s);
}

static void options(MYSQL *my, const struct db *db, const char *init)
{
	unsigned sec = (unsigned)((db->o.timeout_ms + 999) / 1000);
	unsigned io_sec = db->o.long_statements ? 3600 : sec;
	my_bool no = 0;

	mysql_optionsv(my, MYSQL_OPT_NONBLOCK, 0);
	mysql_optionsv(my, MYSQL_OPT_CONNECT_TIMEOUT, &sec);
	mysql_optionsv(my, MYSQL_OPT_READ_TIMEOUT, &io_sec);
	mysql_optionsv(my, MYSQL_OPT_WRITE_TIMEOUT, &io_sec);
	mysql_optionsv(my, MYSQL_OPT_RECONNECT, &no);
	mysql_optionsv(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_optionsv(my, MYSQL_INIT_COMMAND, init);
	mysql_optionsv(my, MYSQL_REPORT_DATA_TRUNCATION, &(my_bool){ 1 });
}

static void back_off(struct db *db)
{
	unsigned shift = db->fails < 5 ? db->fails : 5;
	int64_t ms = BACKOFF_MIN_MS << shift;

	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	db->fails++;
	ms = ms / 2 + rand_jitter_ms(ms / 2);
	db->retry_at_ns = clock_mono_ns() + ms * 1000000;
}

static const char *or_null(const char *s)
{
	return s != NULL && *s != '\0' ? s : NULL;
}

int conn_open(struct db *db, int64_t deadline_ms, struct err *err)
{
	int64_t deadline = clock_mono_ns() + deadline_ms * 1000000;
	const struct db_opts *o = &db->o;
	const char *sock = or_null(o->socket);
	MYSQL *my = mysql_init(NULL), *got = NULL;
	char init[512];
	int what, rc;

	assert(my != NULL && db->my == NULL && !db->in_tx);
	session_sql(db, init, sizeof(init));
	options(my, db, init);
	/* CLIENT_FOUND_ROWS: an UPDATE that changes nothing found its row. */
	what = mysql_real_connect_start(&got, my, sock ? NULL : or_null(o->host),
					o->user, or_null(o->password), o->name,
					o->port, sock, CLIENT_FOUND_ROWS);
	while (what != 0)
		what = mysql_real_connect_cont(&got, my,
					       wait_io(my, what, deadline));
	if (got != NULL && FAULT("db.connect"))
		got = NULL;
	if (got == NULL) {
		rc = FAIL(err, E_DB, "connect to database: %s (%u)",
			  mysql_error(my), mysql_errno(my));
		mysql_close(my);
		back_off(db);
		return rc;
	}
	fcntl((int)mysql_get_socket(my), F_SETFD, FD_CLOEXEC);
	db->my = my;
	board_slot_gauge_set(BS_DB_CONNECTIONS, 1);
	db->conn = arena_new("db connection", CONN_LIMIT);
	db->owner = getpid();
	db->fails = 0;
	db->retry_at_ns = 0;
	db->opened_ns = db->used_ns = clock_mono_ns();
	/* Not all workers in the same second. */
	db->recycle_ns = (o->recycle_ms - rand_jitter_ms(o->recycle_ms / 10)) *
			 1000000;
	return 0;
}

static bool ping(struct db *db, int64_t deadline_ms)
{
	int64_t deadline = clock_mono_ns() + deadline_ms * 1000000;
	int ret = 1;
	int what = mysql_ping_start(&ret, db->my);

	while (what != 0)
		what = mysql_ping_cont(&ret, db->my,
				       wait_io(db->my, what, deadline));
	db->used_ns = clock_mono_ns();
	return ret == 0;
}

int conn_ready(struct db *db, struct err *err)
{
	int64_t now = clock_mono_ns();

	assert(db->magic == DB_MAGIC && !db->busy);
	assert(db->my == NULL || db->owner == getpid());
	if (db->in_tx) {
		if (db->doomed == E_OK)
			return 0;
		return FAIL(err, db->doomed, "this transaction has failed");
	}
	if (db->lock_lost)
		return FAIL(err, E_DB, "the connection that held a lock is lost");
	if (db->my != NULL && db->locks == 0) {
		bool old = db->o.recycle_ms > 0 &&
			   now - db->opened_ns > db->recycle_ns;
		bool idle = db->o.ping_idle_ms > 0 &&
			    now - db->used_ns > db->o.ping_idle_ms * 1000000;

		if (old || (idle && !ping(db, PING_MS)))
			conn_drop(db);
	}
	if (db->my != NULL)
		return 0;
	if (now < db->retry_at_ns)
		return FAIL(err, E_DB, "database is away, next try in %d ms",
			    (int)((db->retry_at_ns - now) / 1000000));
	return conn_open(db, db->o.timeout_ms, err);
}

int conn_text(struct db *db, const char *sql, size_t n, struct err *err)
{
	unsigned no;
	int rc;

	if (mysql_real_query(db->my, sql, n) == 0) {
		MYSQL_RES *res = mysql_store_result(db->my);

		if (res != NULL)
			mysql_free_result(res);
		db->used_ns = clock_mono_ns();
		return 0;
	}
	no = db->last_no = mysql_errno(db->my);
	rc = db_fail(err, STMT_NONE, no, mysql_error(db->my));
	tx_doom(db, db_classify(no));
	if (db_classify(no) == DBC_LOST)
		conn_drop(db);
	return rc;
}

int conn_rows(struct db *db, const char *sql, size_t n,
	      int (*fn)(void *ctx, unsigned cols, const char *const *names,
			const char *const *row, struct err *err),
	      void *ctx, struct err *err)
{
	const char *names[CONN_COLS];
	MYSQL_RES *res;
	MYSQL_ROW row;
	unsigned cols;
	int rc = 0;

	if (mysql_real_query(db->my, sql, n) != 0 ||
	    (res = mysql_store_result(db->my)) == NULL) {
		unsigned no = mysql_errno(db->my);

		if (no == 0)
			return FAIL(err, E_INVAL, "it gives no rows");
		rc = db_fail(err, STMT_NONE, no, mysql_error(db->my));
		if (db_classify(no) == DBC_LOST)
			conn_drop(db);
		return rc;
	}
	cols = mysql_num_fields(res);
	if (cols > CONN_COLS)
		rc = FAIL(err, E_INVAL, "more than %d columns", CONN_COLS);
	for (unsigned i = 0; i < cols && rc == 0; i++)
		names[i] = mysql_fetch_field_direct(res, i)->name;
	while (rc == 0 && (row = mysql_fetch_row(res)) != NULL)
		rc = fn(ctx, cols, names, (const char *const *)row, err);
	mysql_free_result(res);
	db->used_ns = clock_mono_ns();
	return rc;
}

int db_ping(struct db *db, int64_t deadline_ms, int64_t *ret_us,
	    struct err *err)
{
	int64_t t0 = clock_mono_ns();
	int rc = 0;

	assert(db->magic == DB_MAGIC && !db->busy && !db->in_tx);
	assert(db->my == NULL || db->owner == getpid());
	if (db->my == NULL && t0 < db->retry_at_ns)
		return FAIL(err, E_DB, "database is away");
	if (db->my != NULL && !ping(db, deadline_ms)) {
		conn_drop(db);
		/* It may only have been this connection. */
		deadline_ms -= (clock_mono_ns() - t0) / 1000000;
		if (deadline_ms <= 0)
			return FAIL(err, E_DB, "database does not answer");
	}
	if (db->my == NULL)
		rc = conn_open(db, deadline_ms, err);
	if (rc == 0)
		*ret_us = (clock_mono_ns() - t0) / 1000;
	return rc;
}
