#include "config.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/rand.h"
#include "db/db_i.h"

#define TX_RETRIES	3
#define TX_JITTER_MS	20	/* doubled by each retry */

bool db_in_tx(const struct db *db)
{
	return db->in_tx;
}

static int tx_begin(struct db *db, struct err *err)
{
	static const char sql[] = "START TRANSACTION";
	int rc = conn_ready(db, err);

	if (rc < 0)
		return rc;
	rc = conn_text(db, sql, sizeof(sql) - 1, err);
	/* Nothing has happened yet: a stale connection is worth a second try. */
	if (rc == -E_DB && db->my == NULL) {
		rc = conn_ready(db, err);
		if (rc == 0)
			rc = conn_text(db, sql, sizeof(sql) - 1, err);
	}
	if (rc < 0)
		return rc;
	db->in_tx = true;
	db->doomed = E_OK;
	db->doomed_retry = false;
	return 0;
}

static void tx_rollback(struct db *db)
{
	struct err ignored;

	db->in_tx = false;
	db->doomed = E_OK;
	/* A connection that cannot roll back is closed, which does. */
	if (db->my != NULL && conn_text(db, "ROLLBACK", 8, &ignored) < 0)
		conn_drop(db);
}

static int tx_commit(struct db *db, struct err *err)
{
	int rc;

	if (FAULT("db.commit.before"))
		conn_drop(db);
	if (db->my == NULL) {
		db->in_tx = false;
		return FAIL(err, E_UNCERTAIN, "commit: connection lost");
	}
	rc = conn_text(db, "COMMIT", 6, err);
	if (rc == 0 && FAULT("db.commit.after"))
		conn_drop(db);
	if (db->my == NULL) {
		db->in_tx = false;
		db->doomed = E_OK;
		return FAIL(err, E_UNCERTAIN, "commit: connection lost");
	}
	if (rc == 0)
		db->in_tx = false;
	return rc;	/* a refused commit is rolled back by the caller */
}

/* One run.  *again: it failed in a way that another run may not. */
static int tx_once(struct db *db, db_tx_fn *fn, void *ctx, bool *again,
		   struct err *err)
{
	int rc = tx_begin(db, err);

	*again = false;
	if (rc < 0)
		return rc;
	rc = fn(ctx, db, err);
	assert(!db->busy);
	if (db->doomed != E_OK) {
		*again = db->doomed_retry;
		/* fn may have swallowed it, or called it something else. */
		if (rc >= 0)
			FAIL(err, db->doomed, "this transaction has failed");
		else if (err != NULL)
			err->code = db->doomed;
		rc = -(int)db->doomed;
	} else if (rc >= 0) {
		rc = tx_commit(db, err);
		*again = rc < 0 && rc != -E_UNCERTAIN && db->doomed_retry;
	}
	if (rc < 0 && rc != -E_UNCERTAIN)
		tx_rollback(db);
	return rc < 0 ? rc : 0;
}

int db_tx(struct db *db, db_tx_fn *fn, void *ctx, struct err *err)
{
	bool lost_before = false;

	assert(!db->in_tx);
	for (int i = 0;; i++) {
		bool again;
		int rc = tx_once(db, fn, ctx, &again, err);

		if (rc == 0 || !again || i == TX_RETRIES)
			return rc;
		if (rc == -E_DB) {
			if (lost_before)
				return rc;
			lost_before = true;
		}
		clock_sleep_ms(1 + rand_jitter_ms(TX_JITTER_MS << i));
	}
}

int db_tx_join(struct db *db, db_tx_fn *fn, void *ctx, struct err *err)
{
	return db->in_tx ? fn(ctx, db, err) : db_tx(db, fn, ctx, err);
}

/* Lock names are the server's, not the database's. */
static const char *lock_name(char buf[static 64], const struct db *db,
			     const char *name)
{
	snprintf(buf, 64, "%s:%s", db->o.name, name);
	return buf;
}

int db_lock(struct db *db, const char *name, int64_t wait_ms, struct err *err)
{
	int64_t most = db->o.timeout_ms - 2000;	/* max_statement_time */
	char full[64];
	struct arena *tmp = arena_push(db->arena, __func__);
	struct rows rows;
	bool got = false;
	int rc;

	if (wait_ms > most)
		wait_ms = most > 0 ? most : 0;
	rc = db_select(tmp, db, Q_LOCK_GET,
		       ARGS(V_STR(lock_name(full, db, name)),
			    V_F64((double)wait_ms / 1000.0)), &rows, err);
	if (rc == 0)
		got = !row_null(&rows, 0, 0) && row_i64(&rows, 0, 0) == 1;
	arena_free(&tmp);
	if (rc < 0)
		return rc;
	if (!got)
		return FAIL(err, E_BUSY, "lock %s is held by another", name);
	db->locks++;
	return 0;
}

void db_unlock(struct db *db, const char *name)
{
	char full[64];
	struct rows rows;
	struct err ignored;

	assert(db->locks > 0);
	db->locks--;
	if (db->lock_lost) {
		if (db->locks == 0)
			db->lock_lost = false;
		return;
	}
	SCOPE(tmp, db->arena) {
		/* Its failure means that the connection, and so the lock, is
		 * gone. */
		if (db_select(tmp, db, Q_LOCK_RELEASE,
			      ARGS(V_STR(lock_name(full, db, name))),
			      &rows, &ignored) < 0)
			conn_drop(db);
	}
}
