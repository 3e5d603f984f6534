#include "config.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* orchctl itself, as a shell would run it. */

static char out[100000];

static int run(const char *args)
{
	const char *top = getenv("top_builddir");
	char cmd[1000];
	size_t n;
	FILE *f;
	int st;

	snprintf(cmd, sizeof(cmd), "%s/src/prog/orchctl 2>&1 %s",
		 top != NULL ? top : ".", args);
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(out, 1, sizeof(out) - 1, f);
	out[n] = '\0';
	st = pclose(f);
	assert_true(WIFEXITED(st));
	return WEXITSTATUS(st);
}

static void says(const char *args, int status, const char *part)
{
	int got = run(args);

	if (got != status || strstr(out, part) == NULL)
		fail_msg("orchctl %s: status %d, not %d; \"%s\" wanted in: %s",
			 args, got, status, part, out);
}

static void help_and_version_are_answers(void **state)
{
	(void)state;
	says("--help", 0, "usage: orchctl COMMAND");
	says("--help", 0, "  config ");
	says("--version", 0, "orchctl (orch) " PACKAGE_VERSION);
	says("config --help", 0, "usage: orchctl config COMMAND");
	says("config get --help", 0, "usage: orchctl config get [option...] NAME");
	says("config get --help", 0, "-c, --config FILE");
}

static void mistakes_are_usage_errors_with_a_sentence(void **state)
{
	(void)state;
	says("", 64, "usage: orchctl COMMAND");
	says("nothing", 64, "orchctl: there is no command \"nothing\"");
	says("config nothing", 64, "orchctl config: there is no command");
	says("config show --nothing", 64, "unknown option --nothing");
	says("config show -x", 64, "unknown option -x");
	says("config show x", 64, "x is one argument too many");
	says("config get", 64, "too few arguments: NAME");
	says("config show --config", 64, "--config needs an argument: FILE");
	says("-c", 64, "-c needs an argument");
	says("config show --quiet=yes", 64, "takes no argument");
}

static void options_stand_anywhere(void **state)
{
	(void)state;
	unsetenv("ORCH_PORT");
	says("-c /dev/null config get port", 0, "8080\n");
	says("--config=/dev/null config get port", 0, "8080\n");
	says("config get --config /dev/null port", 0, "8080\n");
	says("config get port -c/dev/null -q", 0, "8080\n");
	says("config get -c /dev/null -- --port", 66, "no setting is called --port");
	says("config get -c /dev/null cache_ttl", 0, "300\n");
	says("config get -c /dev/null live_max_message", 0, "1048576\n");
	says("config get -c /dev/null db_password", 77, "is a secret");
}

static void bad_settings_are_named_and_end_with_78(void **state)
{
	char path[] = "/tmp/test_ctl.XXXXXX", args[200];
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "prot = 1\njobs = 0\n", 18), 18);
	close(fd);
	snprintf(args, sizeof(args), "config show -c %s", path);
	says(args, 78, "did you mean port?");
	snprintf(args, sizeof(args), "config check %s", path);
	says(args, 78, ":1: no setting");
	says(args, 78, ":2: jobs = 0");
	says("config check /nonexistent", 78, "No such file");
	says("config check /dev/null", 0, "/dev/null: no problem");
	unlink(path);
}

static void output_that_cannot_be_written_is_an_error(void **state)
{
	(void)state;
	says("config example >/dev/full", 74, "No space left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_and_version_are_answers),
		cmocka_unit_test(mistakes_are_usage_errors_with_a_sentence),
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(bad_settings_are_named_and_end_with_78),
		cmocka_unit_test(output_that_cannot_be_written_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
