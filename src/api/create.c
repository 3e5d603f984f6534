#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api_i.h"
#include "db/db.h"

/* Creating POSTs, once per Idempotency-Key.
 *
 * The key's row is written in the transaction of the handler, so there is no
 * moment at which one of the two exists without the other: a worker that dies
 * leaves both or none, and the client asks again with the same key.  While a
 * request is at work its key is locked by name, so that a second one hears
 * 409 at once instead of waiting for the first. */

#define KEY_MAX 128
#define KEEP_MS (24 * 3600 * 1000LL)
#define PURGE_EVERY 64

struct create {
	struct api_req *r;
	struct str key;			/* empty: none came */
	uint64_t body_hash;
};

static int key_read(struct api_req *r, struct str *ret, struct err *err)
{
	const char *text = request_header(r->rq, "Idempotency-Key");
	struct str key = str_c(text);

	*ret = key;
	if (text == NULL)
		return 0;
	if (key.n < 1 || key.n > KEY_MAX)
		return api_bad(r, err, "Idempotency-Key",
			       "must have from 1 to 128 characters");
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] < 0x21 || key.p[i] > 0x7e)
			return api_bad(r, err, "Idempotency-Key",
				       "must be visible ASCII");
	return 0;
}

static int replay(struct api_req *r, const struct rows *row, uint64_t hash,
		  struct err *err)
{
	struct str text;

	if (row_u64(row, 0, 0) != hash)
		return api_fail(r, err, E_UNPROCESSABLE, "This Idempotency-Key "
				"was used for another request.");
	if (r->route->flags & RF_SECRET)
		return api_fail(r, err, E_CONFLICT, "This Idempotency-Key was "
				"used; the secret it made is shown only once.");
	rep_restart(r);
	r->an->status = (int)row_i64(row, 0, 1);
	if (!row_null(row, 0, 2))
		r->rep->location = row_cstr(row, 0, 2);
	answer_header(r->an, "Idempotency-Replayed", "true");
	text = row_str(row, 0, 3);
	jw_raw(&r->w, text.p, text.n);
	return 0;
}

static int run_tx(void *ctx, struct db *db, struct err *err)
{
	struct create *c = ctx;
	struct api_req *r = c->r;
	bool secret = (r->route->flags & RF_SECRET) != 0;
	struct str text;
	int rc;

	rep_restart(r);
	rc = r->route->fn(r, err);
	if (rc < 0 || c->key.n == 0)
		return rc;
	text = str_n(r->an->body.buf, r->an->body.len);
	return db_exec(db, Q_IDEM_ADD, ARGS(
			V_U64(r->who.id), V_TEXT(c->key), V_STR(r->route->id),
			V_U64(c->body_hash), V_I64(r->an->status),
			V_STR(secret ? NULL : r->rep->location),
			V_TEXT(secret ? STR("") : text), V_I64(r->now_ms)),
		       NULL, NULL, err);
}

static void purge(struct api_req *r)
{
	struct err err;

	if (++r->rep->api->created % PURGE_EVERY != 0)
		return;
	if (db_exec(r->d->db, Q_IDEM_PURGE,
		    ARGS(V_I64(r->now_ms - KEEP_MS)), NULL, NULL, &err) < 0)
		log_warn(r->log, "remove old idempotency keys: %s", err.msg);
}

/* With the key's lock held. */
static int run_locked(struct create *c, struct err *err)
{
	struct api_req *r = c->r;
	struct rows row;
	int rc;

	rc = db_select(r->arena, r->d->db, Q_IDEM_GET,
		       ARGS(V_U64(r->who.id), V_TEXT(c->key)), &row, err);
	if (rc < 0)
		return rc;
	if (row.n > 0)
		return replay(r, &row, c->body_hash, err);
	rc = db_tx(r->d->db, run_tx, c, err);
	if (rc == 0)
		purge(r);
	return rc;
}

int create_run(struct api_req *r, struct err *err)
{
	struct create c = { .r = r };
	char name[64];
	int rc;

	rc = key_read(r, &c.key, err);
	if (rc < 0)
		return rc;
	if (c.key.n == 0)
		return db_tx(r->d->db, run_tx, &c, err);
	c.body_hash = text_hash(str_n(
		arena_printf(r->arena, "%s %s %.*s", r->route->id,
			     r->rq->path, STR_ARG(r->rep->body)),
		strlen(r->route->id) + strlen(r->rq->path) +
		r->rep->body.n + 2));
	snprintf(name, sizeof(name), "idem:%" PRIu64 ":%016" PRIx64,
		 r->who.id, text_hash(c.key));
	rc = db_lock(r->d->db, name, 0, err);
	if (rc == -E_BUSY)
		return api_fail(r, err, E_CONFLICT, "A request with this "
				"Idempotency-Key is being worked on.");
	if (rc < 0)
		return rc;
	rc = run_locked(&c, err);
	db_unlock(r->d->db, name);
	return rc;
}
