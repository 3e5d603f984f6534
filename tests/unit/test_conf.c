#include "config.h"
#include "test.h"
#include "t_env.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "conf/conf.h"

static char path[] = "/tmp/test_conf.XXXXXX";

static int setup(void **state)
{
	t_env_clear();
	*state = arena_new("t", 8 << 20);
	return 0;
}

static int teardown(void **state)
{
	struct arena *a = *state;

	arena_free(&a);
	return 0;
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

static struct conf *load(struct arena *a, const char *text)
{
	struct conf *c = NULL;
	struct err err;

	write_file(text);
	if (conf_load(a, path, &c, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

/* The sentence must hold each of the parts. */
static void refused(struct arena *a, const char *text, const char *part1,
		    const char *part2)
{
	struct conf *c = (struct conf *)1;
	struct err err;

	write_file(text);
	assert_int_equal(conf_load(a, path, &c, &err), -E_INVAL);
	assert_ptr_equal(c, (struct conf *)1);
	if (strstr(err.msg, part1) == NULL || strstr(err.msg, part2) == NULL)
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", err.msg, part1, part2);
}

static void a_file_is_read_with_comments_quotes_and_units(void **state)
{
	const struct conf *c = load(*state,
		"# comment\r\n\n"
		"  workers=3\n"
		"keepalive_timeout = 2m   # two minutes\n"
		"live_max_message = 64K\n"
		"session_absolute = 1d\n"
		"db_host = \"a-b.c\" # quoted\n"
		"db_password = \"x # \\\"y\\\\\"\n"
		"redis_url = redis://h:6379/0#1\n"
		"cors_origins = https://a.example , http://b:8080,\n"
		"enable_prometheus = off\n"
		"cache_ttl = 0");

	assert_int_equal(c->workers, 3);
	assert_int_equal(c->keepalive_timeout, 120);
	assert_int_equal(c->live_max_message, 65536);
	assert_int_equal(c->session_absolute, 86400);
	assert_string_equal(c->db_host, "a-b.c");
	assert_string_equal(c->db_password, "x # \"y\\");
	assert_string_equal(c->redis_url, "redis://h:6379/0#1");
	assert_int_equal(c->cors_origins.n, 2);
	assert_string_equal(c->cors_origins.v[0], "https://a.example");
	assert_string_equal(c->cors_origins.v[1], "http://b:8080");
	assert_false(c->enable_prometheus);
	assert_int_equal(c->cache_ttl, 0);
	assert_int_equal(c->origin[CONF_workers].from, CONF_FROM_FILE);
	assert_int_equal(c->origin[CONF_workers].line, 3);
	assert_int_equal(c->origin[CONF_port].from, CONF_FROM_DEFAULT);
}

static void mistakes_are_named_with_their_line(void **state)
{
	refused(*state, "\nworker = 3\n", ":2: no setting is called \"worker\"",
		"did you mean workers?");
	refused(*state, "zzzzzzzzzz = 3\n", "no setting is called", "zzz");
	refused(*state, "workers 3\n", ":1:", "name = value");
	refused(*state, "[server]\n", ":1:", "name = value");
	refused(*state, "port = 1\nport = 1\n", ":2: port is set a second time",
		"line 1");
	refused(*state, "db_name = \"x\n", ":1:", "quotes");
	refused(*state, "db_name = \"x\" y\n", ":1:", "quotes");
	refused(*state, "port = 80\x01\n", ":1:", "plain text");
	refused(*state, "db_host = \xff\n", ":1:", "plain text");
	refused(*state, "port = 8080 9\n", "port = 8080 9",
		"must be a number from 1 to 65535");
	refused(*state, "port =\n", "port = ", "must be a number");
	refused(*state, "port = 1\nworkers = x\n", ":2: workers = x",
		"a number from 1 to 256, or auto");
	refused(*state, "log_level = loud\n", "log_level = loud",
		"must be debug, info, warn, error or auto");
	refused(*state, "request_timeout = 2w\n", "request_timeout = 2w",
		"a time from 1s to 10m");
	refused(*state, "worker = 1\nport = 0\n", "worker", "(and 1 more)");
}

static void all_mistakes_are_found_at_once(void **state)
{
	struct conf_problems all = { 0 };
	struct conf *c;
	struct err err;

	write_file("a = 1\nport = x\njobs = 0\n");
	setenv("ORCH_RUNNERS", "-1", 1);
	assert_int_equal(conf_load_all(*state, path, &c, &all, &err), -E_INVAL);
	assert_int_equal(all.n, 4);
	assert_non_null(strstr(all.v[2].text, "ORCH_RUNNERS: runners = -1"));
}

static void settings_that_do_not_go_together_are_refused(void **state)
{
	refused(*state, "enable_sentry = true\n", "enable_sentry", "sentry_dsn");
	refused(*state, "session_idle = 1h\nsession_absolute = 10m\n",
		"session_idle", "session_absolute");
	refused(*state, "db_host = h\ndb_socket = /s\n", "db_host", "db_socket");
	refused(*state, "metrics_allow = 10.0.0.0/33\n", "metrics_allow", "network");
	refused(*state, "metrics_allow = ::1/64/2\n", "metrics_allow", "network");
	refused(*state, "cors_origins = *\n", "cors_origins", "https://");
	refused(*state, "cors_origins = https://a/b\n", "cors_origins", "https://");
	refused(*state, "listen_address = host.example\n", "listen_address", "127.0.0.1");
	refused(*state, "redis_url = rediss://h\n", "redis_url", "redis://");
	refused(*state, "kraken_url = http://kraken.example\n", "kraken_url", "https://");
	refused(*state, "kucoin_url = ftp://kucoin.example\n", "kucoin_url", "https://");
	refused(*state, "sentry_dsn = https://host/1\n", "sentry_dsn = ***", "key@");
	refused(*state, "db_name = a;b\n", "db_name", "letters");
	refused(*state, "run_dir = /ten345678/ten345678/ten345678/ten345678/"
		"ten345678/ten345678/ten345678/ten345678/ten345678/ten345678\n",
		"run_dir", "characters");
	refused(*state, "state_dir = /ten345678/ten345678/ten345678/ten345678/"
		"ten345678/ten345678/ten345678/ten345678/ten345678/ten345678\n",
		"run_dir", "shorter");
}

static void the_environment_wins_over_the_file(void **state)
{
	const struct conf *c;

	setenv("ORCH_WORKERS", "5", 1);
	setenv("PERF_WORKERS", "6", 1);
	setenv("PERF_CACHE_TTL", "7", 1);
	setenv("PERF_EXEC_PATH", "/usr/lib/perf", 1);	/* not ours */
	setenv("PERF_PORT", "1", 1);		/* not of the first group */
	c = load(*state, "workers = 2\ncache_ttl = 3\nport = 99\n");
	assert_int_equal(c->workers, 5);
	assert_int_equal(c->cache_ttl, 7);
	assert_int_equal(c->port, 99);
	assert_string_equal(c->origin[CONF_cache_ttl].var, "PERF_CACHE_TTL");
	setenv("ORCH_PORT", "70000", 1);
	refused(*state, "", "ORCH_PORT: port = 70000", "65535");
	setenv("ORCH_PORT", "1\n2", 1);
	refused(*state, "", "ORCH_PORT", "plain text");
}

static void a_variable_with_our_prefix_that_is_no_setting_is_refused(void **state)
{
	setenv("ORCH_WORKER", "5", 1);
	refused(*state, "", "ORCH_WORKER", "no such setting");
	unsetenv("ORCH_WORKER");
	setenv("ORCH_workers", "5", 1);
	refused(*state, "", "ORCH_workers", "no such setting");
	unsetenv("ORCH_workers");
	setenv("ORCH_TEST_ANYTHING", "5", 1);
	setenv("ORCH_FAULT", "x:1", 1);
	load(*state, "");
}

static void the_mode_decides_what_auto_means(void **state)
{
	const struct conf *c = load(*state, "env = development\n"
		"sentry_dsn = @/dev/null\n");

	assert_int_equal(c->env, ENV_DEVELOPMENT);
	assert_int_equal(c->log_level, LOG_L_DEBUG);
	assert_int_equal(c->log_format, LOG_F_TEXT);
	assert_false(c->enable_sentry);
	c = load(*state, "");
	assert_int_equal(c->env, ENV_PRODUCTION);
	assert_int_equal(c->log_level, LOG_L_INFO);
	assert_int_equal(c->log_format, LOG_F_JSON);
	assert_false(c->enable_sentry);
	setenv("ORCH_SENTRY_DSN", "https://k@h/1", 1);
	assert_true(load(*state, "")->enable_sentry);
	assert_false(load(*state, "env = development\n")->enable_sentry);
	assert_false(load(*state, "enable_sentry = false\n")->enable_sentry);
	assert_true(load(*state, "env = development\nenable_sentry = on\n")
		    ->enable_sentry);
	c = load(*state, "log_level = warn\nlog_format = text\n");
	assert_int_equal(c->log_level, LOG_L_WARN);
	assert_int_equal(c->log_format, LOG_F_TEXT);
	conf_log_init(c, "t");
	assert_true(log_enabled(LOG_L_WARN) && !log_enabled(LOG_L_INFO));
	assert_true(load(*state, "")->workers >= 4);
}

static void paths_start_at_the_state_directory(void **state)
{
	const struct conf *c = load(*state, "state_dir = /s\n");
	char cwd[4096];

	assert_string_equal(c->run_dir, "/s/run");
	assert_string_equal(c->db_socket, "/s/run/mariadb.sock");
	c = load(*state, "state_dir = /s\nrun_dir = /r\ndb_socket = d/x\n");
	assert_string_equal(c->run_dir, "/r");
	assert_string_equal(c->db_socket, "/s/d/x");
	c = load(*state, "state_dir = /s\ndb_host = h\n");
	assert_string_equal(c->db_socket, "");
	c = load(*state, "state_dir = v\n");
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_memory_equal(c->state_dir, cwd, strlen(cwd));
	setenv("ORCH_STATE", "/from-env", 1);
	assert_string_equal(load(*state, "")->state_dir, "/from-env");
	assert_string_equal(load(*state, "state_dir = /f\n")->state_dir, "/f");
}

static void the_file_is_found_or_named(void **state)
{
	struct conf *c;
	struct err err;

	assert_int_equal(conf_load(*state, "/nonexistent/orch.conf", &c, &err), -E_IO);
	assert_non_null(strstr(err.msg, "/nonexistent/orch.conf"));
	assert_int_equal(conf_load(*state, "/tmp", &c, &err), -E_IO);
	assert_int_equal(conf_load(*state, "/dev/zero", &c, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "256 KiB"));
	write_file("port = 81\n");
	setenv("ORCH_CONF", path, 1);
	assert_int_equal(conf_load(*state, NULL, &c, &err), 0);
	assert_int_equal(c->port, 81);
	assert_string_equal(c->file, path);
	unsetenv("ORCH_CONF");
	setenv("ORCH_STATE", "/nonexistent", 1);
	assert_int_equal(conf_load(*state, NULL, &c, &err), -E_IO);
}

static void secrets_are_kept_from_others(void **state)
{
	char secret[] = "/tmp/test_conf_secret.XXXXXX", text[200];
	struct sbuf b;
	struct conf *c;
	struct err err;
	int fd = mkstemp(secret);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hunter2\n", 8), 8);
	close(fd);
	snprintf(text, sizeof(text), "db_password = @%s\n", secret);
	c = load(*state, text);
	assert_string_equal(c->db_password, "hunter2");
	sbuf_init(&b, *state, 1 << 20);
	conf_show(&b, c);
	assert_non_null(strstr(sbuf_finish(&b), "db_password = ***"));
	assert_null(strstr(sbuf_finish(&b), "hunter2"));
	assert_int_equal(conf_get(&b, c, "db_password", &err), -E_DENIED);
	assert_int_equal(conf_get(&b, c, "nothing", &err), -E_NOTFOUND);
	assert_int_equal(chmod(path, 0644), 0);
	load(*state, text);		/* the secret is not in the file */
	refused(*state, "db_password = x\n", ":1: db_password", "chmod");
	assert_int_equal(chmod(path, 0640), 0);
	load(*state, "db_password = x\n");
	unlink(secret);
	refused(*state, text, "db_password = ***", "cannot open");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_file_is_read_with_comments_quotes_and_units),
		CASE(mistakes_are_named_with_their_line),
		CASE(all_mistakes_are_found_at_once),
		CASE(settings_that_do_not_go_together_are_refused),
		CASE(the_environment_wins_over_the_file),
		CASE(a_variable_with_our_prefix_that_is_no_setting_is_refused),
		CASE(the_mode_decides_what_auto_means),
		CASE(paths_start_at_the_state_directory),
		CASE(the_file_is_found_or_named),
		CASE(secrets_are_kept_from_others),
	};
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 99;
	close(fd);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
