#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "db/migrate.h"
#include "prog/ctl.h"

#define DISK_LOW	((uint64_t)1 << 30)
#define PING_MS		2000

/* One line per question: "ok", or what is wrong and what to do about it. */
struct doctor {
	struct ctl *c;
	unsigned wrong;
	const char *check;
};

static PRINTF_LIKE(3, 4) void told(struct doctor *d, bool good,
				   const char *fmt, ...)
{
	va_list ap;

	d->wrong += !good;
	if (good && d->c->quiet)
		return;
	printf("%-6s ", good ? "ok" : "WRONG");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void look_at_disk(struct doctor *d, const char *what, const char *dir)
{
	struct statvfs s;
	uint64_t left;

	if (statvfs(dir, &s) < 0) {
		told(d, false, "%s %s: %s", what, dir, strerror(errno));
		return;
	}
	left = (uint64_t)s.f_bavail * s.f_frsize;
	told(d, left >= DISK_LOW && access(dir, R_OK | W_OK | X_OK) == 0,
	     "%s %s: %" PRIu64 " MiB left%s", what, dir, left >> 20,
	     access(dir, R_OK | W_OK | X_OK) != 0 ?
	     ", and it is not ours to write in" :
	     left < DISK_LOW ? ": under 1 GiB is too little" : "");
}

/* Absent: the program does not run, which may be meant.  There, and nobody
 * listens: it died without cleaning up. */
static void look_at_socket(struct doctor *d, const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, n;

	n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s",
		     d->c->conf->run_dir, name);
	if (n < 0 || (size_t)n >= sizeof(sa.sun_path)) {
		told(d, false, "%s/%s: the path is too long for a socket",
		     d->c->conf->run_dir, name);
		return;
	}
	if (access(sa.sun_path, F_OK) < 0) {
		told(d, true, "%s: not running", name);
		return;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		told(d, false, "%s: %s (a leftover? start the program again)",
		     sa.sun_path, strerror(errno));
	else
		told(d, true, "%s: somebody listens", name);
	if (fd >= 0)
		close(fd);
}

static void broken(void *ctx, const char *check, const char *row)
{
	struct doctor *d = ctx;

	if (d->check == NULL || strcmp(d->check, check) != 0)
		told(d, false, "it does not hold that %s", check);
	d->check = arena_strdup(d->c->arena, check);
	printf("       %s\n", row);
}

static void look_at_data(struct doctor *d, struct db *db)
{
	const char *dir = getenv("ORCH_DATADIR");
	size_t checks, rows;
	struct err err;
	int rc;

	rc = checks_run(db, arena_printf(d->c->arena, "%s/sql/checks.sql",
					 dir != NULL && *dir != '\0' ?
					 dir : ORCH_DATADIR),
			broken, d, &checks, &rows, &err);
	if (rc < 0)
		told(d, false, "%s", err.msg);
	else if (rows == 0)
		told(d, true, "data: %zu invariants hold", checks);
}

static void look_at_db(struct doctor *d)
{
	struct db *db = db_new(d->c->arena, d->c->conf);
	struct err err;
	int64_t us;

	if (db_ping(db, PING_MS, &us, &err) < 0) {
		told(d, false, "%s", err.msg);
		return;
	}
	told(d, true, "database %s: answers in %" PRId64 " us",
	     d->c->conf->db_name, us);
	if (schema_current(db, &err) < 0) {
		told(d, false, "%s", err.msg);
		return;
	}
	told(d, true, "schema: at %04u", schema_needed());
	if (db_connect(db, &err) < 0)
		told(d, false, "%s", err.msg);
	else
		told(d, true, "statements: all %d fit the schema", STMT__MAX);
	look_at_data(d, db);
}

int ctl_doctor(struct ctl *c)
{
	struct doctor d = { .c = c };
	int rc;

	if (!ctl_parse(c, NULL, NULL, 0, 0, &rc) || !ctl_conf(c, &rc))
		return rc;
	told(&d, true, "settings: %s", c->conf->file[0] != '\0' ?
	     c->conf->file : "defaults and environment");
	look_at_disk(&d, "state", c->conf->state_dir);
	look_at_disk(&d, "run", c->conf->run_dir);
	look_at_db(&d);
	look_at_socket(&d, "api.sock");
	look_at_socket(&d, "live.sock");
	if (fflush(stdout) != 0)
		return EX_IOERR;
	return d.wrong == 0 ? EX_OK : EX_SOFTWARE;
}
