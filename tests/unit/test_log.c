#include "config.h"
#include "test.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "core/log_i.h"
#include "json/json.h"

static char last[5000];
static int n_lines, n_tapped;

static void sink(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)ctx;
	snprintf(last, sizeof(last), "%s", line);
	n_lines++;
}

static void tap(enum log_level level, const char *line, void *ctx)
{
	(void)line;
	(void)ctx;
	assert_true(level >= LOG_L_WARN);
	n_tapped++;
}

static int setup(void **state)
{
	(void)state;
	log_init("orch-test", LOG_L_INFO, LOG_F_TEXT);
	log_set_sink(sink, NULL);
	log_set_tap(NULL, NULL);
	last[0] = '\0';
	n_lines = n_tapped = 0;
	return 0;
}

static void has(const char *part)
{
	if (strstr(last, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", last, part);
}

static void lacks(const char *part)
{
	if (strstr(last, part) != NULL)
		fail_msg("\"%s\" has \"%s\"", last, part);
}

static void levels_are_respected_and_tapped(void **state)
{
	enum log_level l;

	(void)state;
	log_set_tap(tap, NULL);
	log_debug(NULL, "no %d", 1);
	assert_int_equal(n_lines, 0);
	log_info(NULL, "yes");
	log_warn(NULL, "yes");
	log_error(NULL, "yes");
	assert_int_equal(n_lines, 3);
	assert_int_equal(n_tapped, 2);
	log_set_level(LOG_L_ERROR);
	log_warn(NULL, "no");
	assert_int_equal(n_lines, 3);
	assert_true(log_level_parse("warn", &l) && l == LOG_L_WARN);
	assert_false(log_level_parse("loud", &l));
}

static void fields_are_inherited_and_the_inner_one_wins(void **state)
{
	struct logctx a = log_child(NULL, "req", "9f2c");
	struct logctx b = log_child(&a, "user", "4");
	struct logctx c = log_child(&b, "bot", "7 x");
	struct logctx d = log_child(&c, "user", "5");

	(void)state;
	errno = 42;
	log_warn(&d, "halted: %s", "gone away");
	assert_int_equal(errno, 42);
	has("warn  orch-test[");
	has("] halted: gone away req=9f2c bot=\"7 x\" user=5 (test_log.c:");
	lacks("user=4");
}

static void secrets_are_not_written(void **state)
{
	static const char *const secret[] = { "password", "db_password", "API_KEY",
		"apiKey", "set-cookie", "token", "csrf_token", "Authorization",
		"x-signature", "client_secret", "sentry_dsn" };
	static const char *const open[] = { "keyboard", "user", "tokens_left" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secret); i++) {
		struct logctx lc = log_child(NULL, secret[i], "hunter2");

		log_info(&lc, "x");
		has("=***");
		lacks("hunter2");
	}
	for (size_t i = 0; i < ARRAY_LEN(open); i++) {
		struct logctx lc = log_child(NULL, open[i], "plain");

		log_info(&lc, "x");
		has("plain");
	}
}

static void nobody_forges_a_line(void **state)
{
	const char *evil = "a\n2026-01-01 error forged\r\t\x1b[2J\x7f\xc2\x9b"
		"\xe2\x80\xa8\xe2\x80\xae\xff\xc0\x80 \xc3\xa9";
	struct logctx lc = log_child(NULL, "user", evil);

	(void)state;
	log_info(&lc, "%s", evil);
	assert_null(strpbrk(last, "\n\r\x1b\x7f"));
	has("] a\\n2026-01-01 error forged\\r\\t\\u001b[2J\\u007f\\u009b"
	    "\\u2028\\u202e\\xff\\xc0\\x80 \xc3\xa9 user=\"a\\n2026");
	assert_true(str_utf8_valid(str_c(last)));
}

static void json_lines_are_json_whatever_they_say(void **state)
{
	const char *evil = "q\"b\\n\n\x01\xff\xe2\x80\xa9\xf0\x9f\x98\x80";
	struct logctx lc = log_child(NULL, "route", evil);
	struct arena *a = arena_new("t", 1 << 20);
	const struct json *j;
	struct str s;
	struct err err;

	(void)state;
	log_init("orch-test", LOG_L_INFO, LOG_F_JSON);
	log_info(&lc, "%s", evil);
	assert_int_equal(json_parse(a, last, strlen(last), &j, &err), 0);
	assert_true(json_str(json_get(j, "msg"), &s));
	assert_string_equal(s.p, "q\"b\\n\n\x01\\xff\xe2\x80\xa9\xf0\x9f\x98\x80");
	assert_true(json_str(json_get(j, "route"), &s));
	assert_string_equal(s.p, "q\"b\\n\n\x01\\xff\xe2\x80\xa9\xf0\x9f\x98\x80");
	assert_true(json_str(json_get(j, "level"), &s) && str_eqc(s, "info"));
	assert_null(json_get(j, "cut"));
	arena_free(&a);
}

static void a_long_line_is_cut_whole_and_says_so(void **state)
{
	struct arena *a = arena_new("t", 1 << 20);
	char msg[5000], value[1000];
	struct logctx lc[20];
	const struct json *j;
	struct err err;
	bool cut;

	(void)state;
	memset(msg, '"', sizeof(msg) - 1);
	msg[sizeof(msg) - 1] = '\0';
	memset(value, '\\', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(lc); i++) {
		static const char *const names[] = { "a", "b", "c", "d", "e", "f",
			"g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q",
			"r", "s", "t" };

		lc[i] = log_child(i ? &lc[i - 1] : NULL, names[i], value);
	}
	log_init("orch-test", LOG_L_INFO, LOG_F_JSON);
	log_info(&lc[ARRAY_LEN(lc) - 1], "%s", msg);
	assert_true(strlen(last) < 4096);
	if (json_parse(a, last, strlen(last), &j, &err) < 0)
		fail_msg("%s: %s", err.msg, last);
	assert_true(json_bool(json_get(j, "cut"), &cut) && cut);
	log_init("orch-test", LOG_L_INFO, LOG_F_TEXT);
	log_info(&lc[ARRAY_LEN(lc) - 1], "%s", msg);
	assert_true(strlen(last) < 4096);
	has("[cut]");
	log_info(NULL, "%.2100s", msg);
	has("[cut]");
	arena_free(&a);
}

static void a_line_is_one_write(void **state)
{
	int p[2];
	char buf[8192];
	ssize_t n;

	(void)state;
	log_set_sink(NULL, NULL);
	/* A packet per write: what is read at once was written at once. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p), 0);
	log_to_fd(p[1]);
	log_info(NULL, "one");
	log_info(NULL, "two");
	n = read(p[0], buf, sizeof(buf));
	assert_true(n > 0 && buf[n - 1] == '\n');
	buf[n] = '\0';
	assert_non_null(strstr(buf, "one"));
	assert_null(strstr(buf, "two"));
	close(p[0]);
	close(p[1]);
	log_info(NULL, "nobody reads this");	/* must not end the process */
	log_to_fd(-1);
}

static void the_journal_gets_fields(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct logctx lc = log_child(NULL, "req-id", "9f");
	char dir[] = "/tmp/test_log.XXXXXX";
	ssize_t n;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", dir);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	log_set_sink(NULL, NULL);
	assert_true(log_to_journal(sun.sun_path));
	log_warn(&lc, "a\nPRIORITY=0");
	n = recv(fd, last, sizeof(last) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	last[n] = '\0';
	has("PRIORITY=4\nSYSLOG_IDENTIFIER=orch-test\nCODE_FILE=test_log.c\n");
	has("\nMESSAGE=a\\nPRIORITY=0\nORCH_REQ_ID=9f\n");
	assert_true(log_to_journal(NULL));
	assert_false(log_to_journal("/nonexistent/journal"));
	close(fd);
	unlink(sun.sun_path);
	rmdir(dir);
}

static void journal_stream_of_another_file_is_not_believed(void **state)
{
	int p[2];
	char buf[300];

	(void)state;
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_init("orch-test", LOG_L_INFO, LOG_F_TEXT);
	log_set_sink(NULL, NULL);
	assert_int_equal(pipe(p), 0);
	log_to_fd(p[1]);
	log_info(NULL, "to stderr");
	assert_true(read(p[0], buf, sizeof(buf)) > 0);
	setenv("JOURNAL_STREAM", "nonsense", 1);
	log_init("orch-test", LOG_L_INFO, LOG_F_TEXT);
	log_to_fd(-1);
	close(p[0]);
	close(p[1]);
	unsetenv("JOURNAL_STREAM");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		CASE(levels_are_respected_and_tapped),
		CASE(fields_are_inherited_and_the_inner_one_wins),
		CASE(secrets_are_not_written),
		CASE(nobody_forges_a_line),
		CASE(json_lines_are_json_whatever_they_say),
		CASE(a_long_line_is_cut_whole_and_says_so),
		CASE(a_line_is_one_write),
		CASE(the_journal_gets_fields),
		CASE(journal_stream_of_another_file_is_not_believed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
