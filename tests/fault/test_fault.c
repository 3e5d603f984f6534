#include "config.h"
#include "test.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/arena.h"
#include "core/fault.h"

static int steps(void)
{
	int done = 0;

	if (FAULT("a.one"))
		return done;
	done++;
	for (int i = 0; i < 3; i++) {
		if (FAULT("b.loop"))
			return done;
		done++;
	}
	return done;
}

static void every_point_can_be_made_to_fail(void **state)
{
	unsigned n = 0;

	(void)state;
	for (;;) {
		fault_arm(++n);
		if (steps() == 4)
			break;
		assert_true(fault_struck());
		assert_string_equal(fault_struck_at(), n == 1 ? "a.one" : "b.loop");
	}
	assert_int_equal(n, 5);
	assert_false(fault_struck());
	fault_arm(0);
	assert_int_equal(steps(), 4);
	assert_string_equal(fault_met(0), "a.one");
	assert_string_equal(fault_met(1), "b.loop");
	assert_null(fault_met(2));
}

static void a_named_point_fails_at_its_nth_time(void **state)
{
	(void)state;
	fault_arm_at("b.loop", 2);
	assert_int_equal(steps(), 2);
	assert_true(fault_struck());
	assert_int_equal(steps(), 4);	/* once only */
	fault_arm_at("c.none", 1);
	assert_int_equal(steps(), 4);
	fault_arm(0);
}

/* In a child; its signal, or -1 - its exit status. */
static int child(const char *fault, const char *once, const char *list)
{
	pid_t pid = fork();
	int st;

	if (pid == 0) {
		char prog[] = "/proc/self/exe", arg[] = "child";
		char *argv[] = { prog, arg, NULL };

		setenv("ORCH_FAULT", fault, 1);
		if (once != NULL)
			setenv("ORCH_FAULT_ONCE", once, 1);
		if (list != NULL)
			setenv("ORCH_FAULT_LIST", list, 1);
		fclose(stderr);
		execv(prog, argv);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	return WIFSIGNALED(st) ? WTERMSIG(st) : -1 - WEXITSTATUS(st);
}

static void the_environment_kills_a_program_at_a_point(void **state)
{
	char dir[] = "/tmp/test_fault.XXXXXX", once[40], list[40], text[40];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(once, sizeof(once), "%s/once", dir);
	snprintf(list, sizeof(list), "%s/list", dir);
	assert_int_equal(child("b.loop:3", NULL, NULL), SIGKILL);
	assert_int_equal(child("b.loop:4", NULL, list), -1 - 4);
	assert_int_equal(child("b.loop:3:fail", NULL, NULL), -1 - 3);
	assert_int_equal(child("a.one:1", once, NULL), SIGKILL);
	assert_int_equal(child("a.one:1", once, NULL), -1 - 4);
	assert_int_equal(child("nonsense", NULL, NULL), SIGABRT);
	assert_int_equal(child("a.one:x", NULL, NULL), SIGABRT);
	assert_int_equal(child("a.one:1:what", NULL, NULL), SIGABRT);
	f = fopen(list, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(text, "a.one\nb.loop\n");
	unlink(once);
	unlink(list);
	rmdir(dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_point_can_be_made_to_fail),
		cmocka_unit_test(a_named_point_fails_at_its_nth_time),
		cmocka_unit_test(the_environment_kills_a_program_at_a_point),
	};

	(void)argv;
	if (argc > 1)
		return steps();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
