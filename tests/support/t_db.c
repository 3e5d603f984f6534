#include "config.h"

#include "test.h"
#include "t_db.h"

#include "db/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <mysql.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HELPER "tests/support/mariadb.sh"

/* One server per program is the point, so its state is the file's. */
static char dir[64];
static char socket_path[96];
static pid_t server;
static pid_t owner;		/* only this process may end things */
static int alive_fd = -1;	/* the janitor sees it close */
static pid_t janitor;
static char answer[8192];

static NORETURN void die(const char *what)
{
	fprintf(stderr, "t_db: %s: %s\n", what, strerror(errno));
	printf("Bail out! t_db: %s\n", what);
	fflush(NULL);
	_exit(1);
}

/* A path below the source tree. */
static const char *source(const char *name)
{
	static char path[4096];
	const char *top = getenv("top_srcdir");

	snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".", name);
	return path;
}

/* Runs the helper and gives its exit status. */
static int helper_run(const char *verb)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		execl(source(HELPER), HELPER, verb, dir, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void skip_program(const char *why)
{
	const char *must = getenv("ORCH_REQUIRE_INTEG");

	if (must != NULL && strcmp(must, "1") == 0) {
		printf("Bail out! %s\n", why);
		exit(1);
	}
	printf("1..0 # SKIP %s\n", why);
	exit(0);
}

/* Removes the directory once this process, however it ends, is gone; the
 * server ends with it by PR_SET_PDEATHSIG. */
static void janitor_start(void)
{
	static const char script[] =
		"cat >/dev/null; for i in 1 2 3 4 5 6 7 8 9; do "
		"rm -rf \"$1\" 2>/dev/null && exit; sleep 0.2; done";
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		die("pipe2");
	janitor = fork();
	if (janitor < 0)
		die("fork");
	if (janitor == 0) {
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		if (dup2(fd[0], 0) < 0)
			_exit(127);
		/* make waits for whoever holds its pipes: let go of them */
		if (freopen("/dev/null", "w", stdout) == NULL ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(127);
		execl("/bin/sh", "sh", "-c", script, "sh", dir, (char *)NULL);
		_exit(127);
	}
	close(fd[0]);
	alive_fd = fd[1];
}

static void server_end(int sig)
{
	if (server <= 0)
		return;
	kill(server, sig);
	kill(server, SIGCONT);
	while (waitpid(server, NULL, 0) < 0 && errno == EINTR)
		;
	server = 0;
}

static void at_exit(void)
{
	if (getpid() != owner)
		return;
	server_end(SIGKILL);
	close(alive_fd);
	while (waitpid(janitor, NULL, 0) < 0 && errno == EINTR)
		;
}

static MYSQL *root_connect(bool wait)
{
	MYSQL *my = NULL;

	for (int i = 0; i < (wait ? 1000 : 1); i++) {
		struct timespec ts = { .tv_nsec = 20000000 };

		my = mysql_init(NULL);
		if (my == NULL)
			die("mysql_init");
		if (mysql_real_connect(my, NULL, "root", NULL, NULL, 0,
				       socket_path, CLIENT_MULTI_STATEMENTS))
			return my;
		mysql_close(my);
		my = NULL;
		if (wait && waitpid(server, NULL, WNOHANG) == server) {
			server = 0;
			break;
		}
		nanosleep(&ts, NULL);
	}
	return my;
}

static void server_start(void)
{
	MYSQL *my;

	server = fork();
	if (server < 0)
		die("fork");
	if (server == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != owner)
			_exit(127);
		execl(source(HELPER), HELPER, "run", dir, (char *)NULL);
		_exit(127);
	}
	my = root_connect(true);
	if (my == NULL) {
		fprintf(stderr, "t_db: see %s/mariadb.log\n", dir);
		die("mariadbd does not answer");
	}
	mysql_close(my);
}

void t_db_start(void)
{
	const char *tmp = getenv("TMPDIR");

	assert_true(server == 0);
	if (helper_run("check") != 0)
		skip_program("mariadbd is not installed");
	snprintf(dir, sizeof(dir), "%s/orch.XXXXXX",
		 tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		die("mkdtemp");
	snprintf(socket_path, sizeof(socket_path), "%s/mariadb.sock", dir);
	owner = getpid();
	janitor_start();
	atexit(at_exit);
	if (helper_run("prepare") != 0)
		die("mariadb.sh prepare");
	server_start();
}

const char *t_db_dir(void)
{
	return dir;
}

const char *t_db_socket(void)
{
	return socket_path;
}

void t_db_kill(void)
{
	server_end(SIGKILL);
}

void t_db_stop(void)
{
	server_end(SIGTERM);
}

void t_db_restart(void)
{
	server_end(SIGTERM);
	server_start();
}

void t_db_freeze(void)
{
	int status;

	if (server <= 0)
		return;
	kill(server, SIGSTOP);
	/* The signal takes a while to reach every thread. */
	while (waitpid(server, &status, WUNTRACED) < 0 && errno == EINTR)
		;
}

void t_db_thaw(void)
{
	if (server > 0)
		kill(server, SIGCONT);
}

static struct db *open_within(struct arena *out, int ms)
{
	struct db_opts o = {
		.socket = socket_path, .name = "orch", .user = "orch",
		.timeout_ms = ms,
	};

	assert_true(server > 0);
	return db_new_opts(out, &o);
}

struct db *t_db_open(struct arena *out) { return open_within(out, 20000); }
struct db *t_db_open_hasty(struct arena *out) { return open_within(out, 3000); }

void t_db_schema(void)
{
	struct arena *tmp = arena_new(__func__, 64u << 20);
	struct db_opts o = {
		.socket = socket_path, .name = "orch", .user = "orch",
		.timeout_ms = 20000, .long_statements = true,
	};
	struct mig_opts m = { .dir = source("sql") };
	struct err err;

	t_db_sql("SET foreign_key_checks = 0; CREATE OR REPLACE DATABASE orch");
	if (migrate_run(db_new_opts(tmp, &o), &m, &err) < 0)
		fail_msg("t_db_schema: %s", err.msg);
	arena_free(&tmp);
}

int t_db_fresh(void **state)
{
	char sql[8192];
	const char *list = t_db_query(
		"SET SESSION group_concat_max_len = 65536; SELECT "
		"GROUP_CONCAT('DELETE FROM `', table_name, '`' SEPARATOR ';')"
		" FROM information_schema.tables WHERE table_schema = 'orch'"
		" AND table_type = 'BASE TABLE'"
		" AND table_name <> 'schema_migration'");

	(void)state;
	if (list == NULL)
		return 0;
	snprintf(sql, sizeof(sql), "SET foreign_key_checks = 0; %s", list);
	t_db_sql("%s", sql);
	return 0;
}

static void tell_row(void *ctx, const char *check, const char *row)
{
	(void)ctx;
	print_error("%s: %s\n", check, row);
}

void t_db_checks(void)
{
	size_t rows = t_db_broken();

	if (rows > 0)
		fail_msg("%zu rows break an invariant", rows);
}

size_t t_db_broken(void)
{
	struct arena *tmp = arena_new(__func__, 64u << 20);
	size_t checks = 0, rows = 0;
	struct err err;

	if (checks_run(t_db_open(tmp), source("sql/checks.sql"), tell_row, NULL,
		       &checks, &rows, &err) < 0)
		fail_msg("t_db_checks: %s", err.msg);
	arena_free(&tmp);
	assert_true(checks > 0);
	return rows;
}

/* The first column of the first row of the last result goes to `answer`. */
static bool PRINTF_LIKE(1, 0) run(const char *fmt, va_list ap)
{
	char sql[65536];
	MYSQL *my = root_connect(false);
	bool any = false;
	int more = 0;

	if (my == NULL)
		fail_msg("t_db: no connection as root");
	if (vsnprintf(sql, sizeof(sql), fmt, ap) >= (int)sizeof(sql))
		fail_msg("t_db: SQL too long");
	if (mysql_select_db(my, "orch") != 0 || mysql_query(my, sql) != 0)
		fail_msg("t_db: %s: %s", sql, mysql_error(my));
	while (more == 0) {
		MYSQL_RES *res = mysql_store_result(my);

		if (res != NULL) {
			MYSQL_ROW row = mysql_fetch_row(res);

			any = row != NULL && row[0] != NULL;
			if (any)
				snprintf(answer, sizeof(answer), "%s", row[0]);
			mysql_free_result(res);
		}
		more = mysql_next_result(my);
		if (more > 0)
			fail_msg("t_db: %s: %s", sql, mysql_error(my));
	}
	mysql_close(my);
	return any;
}

void t_db_sql(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	run(fmt, ap);
	va_end(ap);
}

const char *t_db_query(const char *fmt, ...)
{
	va_list ap;
	bool any;

	va_start(ap, fmt);
	any = run(fmt, ap);
	va_end(ap);
	return any ? answer : NULL;
}

int64_t t_db_int(const char *fmt, ...)
{
	va_list ap;
	bool any;

	va_start(ap, fmt);
	any = run(fmt, ap);
	va_end(ap);
	if (!any)
		fail_msg("t_db: no row for %s", fmt);
	return strtoll(answer, NULL, 10);
}
