#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "bot/bot_i.h"
#include "core/clock.h"
#include "core/fault.h"
#include "conf/conf.h"
#include "db/db.h"
#include "proc/proc.h"

void runner_holder(char ret[static 80], unsigned index)
{
	char host[40] = "host";

	/* A name of its own for every process there ever was. */
	if (gethostname(host, sizeof(host) - 1) < 0)
		snprintf(host, sizeof(host), "host");
	for (char *p = host; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~')
			*p = '_';
	snprintf(ret, 80, "%s:%d:%" PRIu64 ":%u", host, (int)getpid(),
		 proc_start_ticks(getpid()), index);
}

int lease_take(struct db *db, const char *holder, int64_t ms, uint64_t bot,
	       uint64_t epoch, bool *ret_got, struct err *err)
{
	uint64_t n;
	int rc;

	if (FAULT("lease.take"))
		return FAIL(err, E_DB, "lease: connection lost");
	rc = db_exec(db, Q_LEASE_TAKE, ARGS(V_STR(holder), V_I64(ms), V_U64(bot),
					    V_U64(epoch)), &n, NULL, err);
	if (rc == 0)
		*ret_got = n == 1;
	return rc;
}

int lease_free(struct db *db, const char *holder, uint64_t bot, uint64_t epoch,
	       struct err *err)
{
	return db_exec(db, Q_LEASE_FREE, ARGS(V_U64(bot), V_U64(epoch),
					      V_STR(holder)), NULL, NULL, err);
}

int lease_guard(void *ctx, struct db *db, struct err *err)
{
	struct bot *b = OBJ_CAST(struct bot, ctx, BOT_MAGIC);
	int rc = 0;

	SCOPE(tmp, b->arena) {
		struct rows r;

		rc = db_select(tmp, db, Q_LEASE_LOCK,
			       ARGS(V_U64(b->row.id), V_U64(b->epoch)), &r, err);
		if (rc == 0 && r.n == 0)
			rc = FAIL(err, E_BUSY, "the bot has another holder");
	}
	return rc;
}

bool lease_may_send(void *ctx)
{
	struct bot *b = OBJ_CAST(struct bot, ctx, BOT_MAGIC);
	int64_t margin = b->rc->conf->lease_time * 1000000000LL / 4;

	return clock_mono_ns() + margin < b->lease_until_ns;
}
