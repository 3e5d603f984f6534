#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "db/migrate.h"
#include "prog/ctl.h"
#include "script/store.h"

#define LOCK_WAIT_MS	20000
#define TEXT_MAX	((size_t)1 << 20)

/* Where the program's own files are; tests point elsewhere. */
static const char *sql_dir(struct ctl *c)
{
	const char *dir = getenv("ORCH_DATADIR");

	return arena_printf(c->arena, "%s/sql",
			    dir != NULL && *dir != '\0' ? dir : ORCH_DATADIR);
}

static void say(void *ctx, const char *line)
{
	ctl_say(ctx, "%s", line);
}

/* The starter strategies in the database are those of this program.  Under the
 * lock of the migration: two runners would both add them. */
static int starters(void *ctx, struct db *db, struct err *err)
{
	(void)ctx;
	return script_starters_sync(db, clock_ms(&clock_real), err);
}

static struct db *open_db(struct ctl *c)
{
	const struct conf *conf = c->conf;
	struct db_opts o = {
		.socket = conf->db_host[0] == '\0' ? conf->db_socket : NULL,
		.host = conf->db_host, .port = (unsigned)conf->db_port,
		.name = conf->db_name, .user = conf->db_user,
		.password = conf->db_password,
		.timeout_ms = conf->db_timeout * 1000,
		.long_statements = true,
	};

	return db_new_opts(c->arena, &o);
}

static int status_show(struct ctl *c, struct db *db, const char *dir)
{
	struct migration *v;
	struct sbuf b;
	struct err err;
	size_t n;

	if (migrate_status(c->arena, db, dir, &v, &n, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		char when[TIME_TEXT_MAX] = "";

		if (v[i].finished_ms != 0)
			time_format(when, v[i].finished_ms);
		sbuf_addf(&b, "%-32s %-10s %zu/%zu %s\n", v[i].name,
			  mig_state_name(v[i].state), v[i].done,
			  v[i].statements, when);
	}
	return ctl_print(c, &b);
}

int ctl_migrate(struct ctl *c)
{
	bool took_effect = false, again = false, status = false;
	struct mig_opts o = { .wait_ms = LOCK_WAIT_MS, .say = say,
			      .after = starters, .ctx = c };
	const struct ctl_opt opts[] = {
		{ "dry-run", 'n', CTL_FLAG, &o.dry_run, NULL,
		  "say what would be done, change nothing", 0, 0 },
		{ "status", 's', CTL_FLAG, &status, NULL,
		  "list the migrations and their state", 0, 0 },
		{ "dir", 'd', CTL_TEXT, &o.dir, "DIR",
		  "where the migrations are", 0, 0 },
		{ "took-effect", 0, CTL_FLAG, &took_effect, NULL,
		  "the statement that broke off was done: go on after it", 0, 0 },
		{ "again", 0, CTL_FLAG, &again, NULL,
		  "the statement that broke off was not done: run it again",
		  0, 0 },
		{ 0 },
	};
	struct err err;
	struct db *db;
	int rc;

	if (!ctl_parse(c, opts, NULL, 0, 0, &rc) || !ctl_conf(c, &rc))
		return rc;
	if (took_effect && again)
		return ctl_usage(c, "--took-effect and --again exclude each other");
	o.in_flight = took_effect ? MIG_TOOK_EFFECT : again ? MIG_AGAIN : MIG_ASK;
	if (o.dir == NULL)
		o.dir = sql_dir(c);
	db = open_db(c);
	if (status)
		return status_show(c, db, o.dir);
	if (migrate_run(db, &o, &err) < 0)
		return ctl_fail(c, &err);
	return 0;
}
