#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mysqld_error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/array.h"
#include "core/clock.h"
#include "core/fault.h"
#include "db/db_i.h"
#include "db/migrate.h"
#include "schema_version.h"

#define FILE_MAX	((off_t)4 << 20)
#define LOCK		"migrate"

const char migrate_table_sql[] =
	"CREATE TABLE IF NOT EXISTS schema_migration ("
	"version INT UNSIGNED NOT NULL PRIMARY KEY, "
	"name VARCHAR(100) NOT NULL, "
	"length BIGINT UNSIGNED NOT NULL, "
	"crc BIGINT UNSIGNED NOT NULL COMMENT 'CRC-64/XZ of the file', "
	"done INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'statements', "
	"done_crc BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of those', "
	"running INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'sent, not known done', "
	"started BIGINT NOT NULL, "
	"finished BIGINT NULL) ENGINE=InnoDB";

struct file {			/* what is on disk */
	unsigned version;
	const char *name;
	struct str text;
	uint64_t crc;
	struct sql_stmt *v;
	size_t n;
};
struct files { struct file *v; size_t n, size; };

struct record {			/* what the database remembers */
	unsigned version;
	const char *name;
	uint64_t length, crc, done, done_crc, running;
	int64_t finished;
};
struct records { struct record *v; size_t n; };

const char *mig_state_name(enum mig_state s)
{
	static const char *const names[] = {
		[MIG_FINISHED] = "finished", [MIG_PENDING] = "pending",
		[MIG_STOPPED] = "stopped", [MIG_IN_FLIGHT] = "in flight",
		[MIG_CHANGED] = "changed", [MIG_MISSING] = "missing",
	};

	return names[s];
}

uint64_t crc64(uint64_t crc, const void *p, size_t n)
{
	const unsigned char *b = p;

	crc = ~crc;
	while (n-- > 0) {
		crc ^= *b++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (UINT64_C(0xc96c5795d7870f42) & -(crc & 1));
	}
	return ~crc;
}

/* ---- files --------------------------------------------------------------- */

/* Reads regular files of a sensible size. */
int file_text(struct arena *out, const char *path, struct str *ret,
	      struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *buf;
	ssize_t n = -1;

	if (fd < 0)
		return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		close(fd);
		return FAIL(err, E_INVAL, "%s: no regular file under 4 MiB", path);
	}
	buf = arena_alloc(out, (size_t)st.st_size + 1);
	n = read(fd, buf, (size_t)st.st_size);
	close(fd);
	if (n != st.st_size)
		return FAIL(err, E_IO, "%s: cannot be read whole", path);
	*ret = str_n(buf, (size_t)n);
	return 0;
}

/* "0007-name.sql" gives 7; 0 for any other name. */
static unsigned file_version(const char *name)
{
	uint64_t v;

	if (strlen(name) < 10 || strlen(name) > 100 || name[4] != '-' ||
	    !str_ends(str_c(name), ".sql") || !str_u64(str_n(name, 4), &v))
		return 0;
	return (unsigned)v;
}

static int by_version(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return (x->version > y->version) - (x->version < y->version);
}

static int file_load(struct arena *out, const char *dir, const char *name,
		     struct file *f, struct err *err)
{
	int rc;

	*f = (struct file){ .version = file_version(name),
			    .name = arena_strdup(out, name) };
	rc = file_text(out, arena_printf(out, "%s/%s", dir, name), &f->text, err);
	if (rc == 0)
		rc = sql_split(out, f->text, &f->v, &f->n, err);
	if (rc == 0 && f->n == 0)
		rc = FAIL(err, E_INVAL, "no statement in it");
	if (rc < 0)
		err_wrap(err, "%s", name);
	f->crc = crc64(0, f->text.p, f->text.n);
	return rc;
}

static void defer_closedir(void *d)
{
	closedir(d);
}

static int files_load(struct arena *out, const char *dir, struct files *ret,
		      struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (d == NULL)
		return FAIL(err, E_IO, "%s: %s", dir, strerror(errno));
	arena_defer(out, defer_closedir, d);
	while ((e = readdir(d)) != NULL) {
		int rc;

		if (e->d_name[0] == '.' || !str_ends(str_c(e->d_name), ".sql") ||
		    strcmp(e->d_name, "checks.sql") == 0)
			continue;
		if (file_version(e->d_name) == 0)
			return FAIL(err, E_INVAL, "%s/%s: not NNNN-name.sql", dir,
				    e->d_name);
		rc = file_load(out, dir, e->d_name, array_push(out, ret), err);
		if (rc < 0)
			return rc;
	}
	if (ret->n == 0)
		return FAIL(err, E_IO, "%s: no migrations there", dir);
	qsort(ret->v, ret->n, sizeof(ret->v[0]), by_version);
	for (size_t i = 1; i < ret->n; i++)
		if (ret->v[i].version == ret->v[i - 1].version)
			return FAIL(err, E_INVAL, "%s and %s have the same number",
				    ret->v[i - 1].name, ret->v[i].name);
	return 0;
}

/* ---- what the database remembers ----------------------------------------- */

static int records_load(struct arena *out, struct db *db, struct records *ret,
			struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_MIG_LIST, NOARGS, &r, err);

	if (rc == -E_BUG && db->last_no == ER_NO_SUCH_TABLE) {
		*ret = (struct records){ 0 };	/* an empty database */
		return 0;
	}
	if (rc < 0)
		return rc;
	ret->n = r.n;
	ret->v = NEW_N(out, struct record, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		ret->v[i] = (struct record){
			.version = (unsigned)row_u64(&r, i, 0),
			.name = row_cstr(&r, i, 1),
			.length = row_u64(&r, i, 2), .crc = row_u64(&r, i, 3),
			.done = row_u64(&r, i, 4), .done_crc = row_u64(&r, i, 5),
			.running = row_u64(&r, i, 6),
			.finished = row_null(&r, i, 7) ? 0 : row_i64(&r, i, 7),
		};
	return 0;
}

static const struct record *record_of(const struct records *rs, unsigned version)
{
	for (size_t i = 0; i < rs->n; i++)
		if (rs->v[i].version == version)
			return &rs->v[i];
	return NULL;
}

static const struct file *file_of(const struct files *fs, unsigned version)
{
	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].version == version)
			return &fs->v[i];
	return NULL;
}

static enum mig_state state_of(const struct file *f, const struct record *r)
{
	if (r == NULL)
		return MIG_PENDING;
	if (f == NULL)
		return MIG_MISSING;
	if (r->finished != 0)
		return r->crc == f->crc && r->length == f->text.n ?
		       MIG_FINISHED : MIG_CHANGED;
	return r->running != 0 ? MIG_IN_FLIGHT : MIG_STOPPED;
}

/* The checksum of the statements that have run, and of all before them. */
static uint64_t prefix_crc(const struct file *f, size_t done)
{
	return done == 0 ? 0 : crc64(0, f->text.p, f->v[done - 1].end);
}

/* Everything that speaks against going on, before anything is done. */
static int judge(const struct files *fs, const struct records *rs,
		 const struct mig_opts *o, struct err *err)
{
	unsigned last = 0;

	for (size_t i = 0; i < rs->n; i++) {
		const struct record *r = &rs->v[i];
		const struct file *f = file_of(fs, r->version);

		last = r->version;
		switch (state_of(f, r)) {
		case MIG_FINISHED:
		case MIG_PENDING:
			break;
		case MIG_MISSING:
			return FAIL(err, E_INVAL, "%s is applied and not in %s: "
				    "this program is older than the database",
				    r->name, o->dir);
		case MIG_CHANGED:
			return FAIL(err, E_INVAL, "%s was changed after it was "
				    "applied: restore it and write a new one",
				    f->name);
		case MIG_IN_FLIGHT:
			if (o->in_flight != MIG_ASK)
				break;
			return FAIL(err, E_CONFLICT, "%s broke off at statement "
				    "%" PRIu64 " (line %zu): look if it took "
				    "effect, then give --took-effect or --again",
				    f->name, r->running,
				    r->running <= f->n ?
				    f->v[r->running - 1].line : 0);
		case MIG_STOPPED:
			break;
		}
		if (r->finished == 0 && (r->done > f->n ||
		    prefix_crc(f, r->done) != r->done_crc))
			return FAIL(err, E_INVAL, "%s: the %" PRIu64 " statements "
				    "that have run were changed: restore them",
				    f->name, r->done);
	}
	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].version < last &&
		    record_of(rs, fs->v[i].version) == NULL)
			return FAIL(err, E_INVAL, "%s comes too late: %04u is "
				    "applied already", fs->v[i].name, last);
	return 0;
}

/* ---- the run -------------------------------------------------------------- */

static PRINTF_LIKE(2, 3) void say(const struct mig_opts *o, const char *fmt, ...)
{
	char line[300];
	va_list ap;

	if (o->say == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	o->say(o->ctx, line);
}

static int apply_stmt(struct db *db, const struct file *f, size_t i,
		      struct err *err)
{
	const struct sql_stmt *s = &f->v[i];
	struct err ignored;
	int rc;

	rc = db_exec(db, Q_MIG_RUNNING, ARGS(V_U64(i + 1), V_U64(f->version)),
		     NULL, NULL, err);
	if (rc < 0)
		return rc;
	if (FAULT("migrate.before"))
		return FAIL(err, E_UNCERTAIN, "stopped before the statement");
	rc = conn_ready(db, err);
	if (rc == 0)
		rc = conn_text(db, s->text.p, s->text.n, err);
	if (rc == -E_DB && db->my == NULL)
		return FAIL(err, E_UNCERTAIN, "%s line %zu: connection lost",
			    f->name, s->line);
	if (rc < 0) {
		err_wrap(err, "%s line %zu", f->name, s->line);
		/* Refused, so not done: that much is known. */
		if (db_exec(db, Q_MIG_RUNNING, ARGS(V_U64(0), V_U64(f->version)),
			    NULL, NULL, &ignored) < 0)
			err_wrap(err, "and not recorded");
		return rc;
	}
	if (FAULT("migrate.after"))
		return FAIL(err, E_UNCERTAIN, "stopped after the statement");
	return db_exec(db, Q_MIG_DONE,
		       ARGS(V_U64(i + 1), V_U64(prefix_crc(f, i + 1)),
			    V_U64(f->version)), NULL, NULL, err);
}

static int apply(struct db *db, const struct file *f, const struct record *r,
		 const struct mig_opts *o, struct err *err)
{
	size_t i = r != NULL ? r->done : 0;
	int rc = 0;

	if (r != NULL && r->running != 0 && o->in_flight == MIG_TOOK_EFFECT) {
		i = r->running;
		rc = db_exec(db, Q_MIG_DONE,
			     ARGS(V_U64(i), V_U64(prefix_crc(f, i)),
				  V_U64(f->version)), NULL, NULL, err);
	} else if (r == NULL) {
		rc = db_exec(db, Q_MIG_ADD,
			     ARGS(V_U64(f->version), V_STR(f->name),
				  V_U64(f->text.n), V_U64(f->crc),
				  V_I64(clock_ms(&clock_real))), NULL, NULL, err);
	}
	for (; i < f->n && rc == 0; i++)
		rc = apply_stmt(db, f, i, err);
	if (rc == 0)
		rc = db_exec(db, Q_MIG_FINISH,
			     ARGS(V_STR(f->name), V_U64(f->text.n), V_U64(f->crc),
				  V_I64(clock_ms(&clock_real)),
				  V_U64(f->version)), NULL, NULL, err);
	return rc;
}

static int run_locked(struct arena *tmp, struct db *db, const struct files *fs,
		      const struct mig_opts *o, struct err *err)
{
	struct records rs;
	size_t n = 0;
	int rc = 0;

	if (!o->dry_run)
		rc = conn_text(db, migrate_table_sql, strlen(migrate_table_sql),
			       err);
	if (rc == 0)
		rc = records_load(tmp, db, &rs, err);
	if (rc == 0)
		rc = judge(fs, &rs, o, err);
	for (size_t i = 0; i < fs->n && rc == 0; i++) {
		const struct file *f = &fs->v[i];
		const struct record *r = record_of(&rs, f->version);

		if (state_of(f, r) == MIG_FINISHED)
			continue;
		n++;
		say(o, "%s %s: %zu statements%s",
		    o->dry_run ? "would apply" : "apply", f->name,
		    f->n - (r != NULL ? (size_t)r->done : 0),
		    r != NULL ? ", going on" : "");
		if (!o->dry_run)
			rc = apply(db, f, r, o, err);
	}
	if (rc == 0 && o->after != NULL && !o->dry_run)
		rc = o->after(o->ctx, db, err);
	if (rc == 0)
		say(o, "schema %s %04u%s", o->dry_run && n > 0 ? "would be at" :
		    "is at", fs->v[fs->n - 1].version, n == 0 ?
		    ", nothing to do" : "");
	return rc;
}

int migrate_run(struct db *db, const struct mig_opts *o, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, db->arena) {
		struct files fs = { 0 };

		rc = files_load(tmp, o->dir, &fs, err);
		if (rc == 0)
			rc = db_lock(db, LOCK, o->wait_ms, err);
		if (rc == -E_BUSY)
			rc = FAIL(err, E_BUSY, "another migration is at work");
		if (rc < 0)
			break;
		rc = run_locked(tmp, db, &fs, o, err);
		db_unlock(db, LOCK);
	}
	return rc;
}

int migrate_status(struct arena *out, struct db *db, const char *dir,
		   struct migration **ret, size_t *ret_n, struct err *err)
{
	struct files fs = { 0 };
	struct records rs = { 0 };
	ARRAY(struct migration) list = { 0 };
	int rc = files_load(out, dir, &fs, err);

	if (rc == 0)
		rc = records_load(out, db, &rs, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < rs.n; i++)
		if (file_of(&fs, rs.v[i].version) == NULL)
			*array_push(out, &list) = (struct migration){
				.version = rs.v[i].version,
				.name = rs.v[i].name, .state = MIG_MISSING,
				.done = rs.v[i].done,
				.finished_ms = rs.v[i].finished,
			};
	for (size_t i = 0; i < fs.n; i++) {
		const struct file *f = &fs.v[i];
		const struct record *r = record_of(&rs, f->version);

		*array_push(out, &list) = (struct migration){
			.version = f->version, .name = f->name,
			.state = state_of(f, r), .statements = f->n,
			.done = r != NULL ? (size_t)r->done : 0,
			.finished_ms = r != NULL ? r->finished : 0,
		};
	}
	*ret = list.v;
	*ret_n = list.n;
	return 0;
}

unsigned schema_needed(void)
{
	return SCHEMA_VERSION;
}

int schema_current(struct db *db, struct err *err)
{
	int64_t found = 0;
	int rc = 0;

	SCOPE(tmp, db->arena) {
		struct rows r;

		rc = db_select(tmp, db, Q_SCHEMA_VERSION, NOARGS, &r, err);
		if (rc == 0 && r.n > 0 && !row_null(&r, 0, 0))
			found = row_i64(&r, 0, 0);
	}
	if (rc == -E_BUG && db->last_no == ER_NO_SUCH_TABLE)
		rc = 0;
	if (rc < 0)
		return rc;
	if (found < SCHEMA_VERSION)
		return FAIL(err, E_BUSY, "the schema is at %04d and %04d is "
			    "needed: run orchctl migrate", (int)found,
			    SCHEMA_VERSION);
	if (found > SCHEMA_VERSION)
		return FAIL(err, E_CONFLICT, "the schema is at %04d, this program "
			    "knows %04d only", (int)found, SCHEMA_VERSION);
	return 0;
}
