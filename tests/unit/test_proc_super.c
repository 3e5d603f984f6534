#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "proc/proc.h"
#include "test.h"

static char dir[] = "/tmp/orch-super-XXXXXX";
static char board_path[64], pid_path[64], sock_path[64];
static struct board *board;
static pid_t super;

static int setup(void **state)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct err err;

	*state = a;
	assert_int_equal(board_open(a, board_path, &board, &err), 0);
	board_attach(board);
	super = 0;
	return 0;
}

static int teardown(void **state)
{
	struct arena *a = *state;
	int status;

	if (super > 0) {
		kill(super, SIGKILL);
		waitpid(super, &status, 0);
	}
	board_attach(NULL);
	arena_free(&a);
	unlink(board_path);
	unlink(pid_path);
	unlink(sock_path);
	return 0;
}

static void quiet(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)line;
	(void)ctx;
}

/* Starts a supervisor of these roles in a process of its own. */
static void start(const struct proc_role *roles, size_t n)
{
	super = fork();
	if (super == 0) {
		struct proc_conf c = {
			.program = "test", .role = ROLE_API,
			.pid_file = pid_path, .board = board,
			.listen_fd = -1, .drain_ms = 1000,
			.roles = roles, .n_roles = n,
		};
		struct err err;

		log_set_sink(quiet, NULL);
		_exit(proc_run(&c, &err) == 0 ? 0 : 1);
	}
}

static unsigned count(enum board_role role, enum slot_state state, int *ret_pid)
{
	struct slot_view v;
	unsigned n = 0;

	for (unsigned i = 0; board_slot_next(board, &i, &v); )
		if (v.role == role && v.state == state &&
		    (super == 0 || v.owner == super)) {
			if (ret_pid != NULL)
				ret_pid[n] = v.pid;
			n++;
		}
	return n;
}

static bool within(int64_t ms, bool (*ask)(void *ctx), void *ctx)
{
	int64_t until = clock_mono_ns() + ms * 1000000;

	while (!ask(ctx)) {
		if (clock_mono_ns() > until)
			return false;
		clock_sleep_ms(5);
	}
	return true;
}

struct want { enum board_role role; enum slot_state state; unsigned n; };

static bool has(void *ctx)
{
	const struct want *w = ctx;

	return count(w->role, w->state, NULL) == w->n;
}

static void await(enum board_role role, enum slot_state state, unsigned n)
{
	struct want w = { role, state, n };

	assert_true(within(5000, has, &w));
}

static bool gone(void *ctx)
{
	return kill(*(int *)ctx, 0) < 0 && errno == ESRCH;
}

static int ended(void)
{
	int status = -1;

	assert_int_equal(waitpid(super, &status, 0), super);
	super = 0;
	return status;
}

static int idle_main(void *ctx, struct proc_self *self)
{
	(void)ctx;
	proc_ready(self);
	while (proc_sleep(self, 10)) {
		proc_busy(self, ROUTE_NONE, "tick");
		proc_idle(self);
	}
	return 0;
}

static int hang_main(void *ctx, struct proc_self *self)
{
	(void)ctx;
	proc_ready(self);
	while (proc_sleep(self, 20)) {
		proc_busy(self, ROUTE_NONE, "stuck-request");
		clock_sleep_ms(60000);
	}
	return 0;
}

static int fail_main(void *ctx, struct proc_self *self)
{
	(void)ctx;
	(void)self;
	return 3;
}

static const struct proc_role workers = {
	.name = "worker", .role = ROLE_WORKER, .count = 3, .main = idle_main };

static void children_start_and_drain_on_term(void **state)
{
	(void)state;
	start(&workers, 1);
	await(ROLE_WORKER, SLOT_IDLE, 3);
	kill(super, SIGTERM);
	assert_int_equal(ended(), 0);
	assert_int_equal(count(ROLE_WORKER, SLOT_IDLE, NULL), 0);
	assert_int_equal(count(ROLE_API, SLOT_IDLE, NULL), 0);
	assert_int_equal(access(pid_path, F_OK), -1);
	assert_int_equal(board_restarts(board, ROLE_WORKER), 0);
	assert_true(board_cpu_us(board, ROLE_WORKER) > 0);
}

static void a_child_that_had_served_is_replaced_at_once(void **state)
{
	int pids[3];
	int64_t t;

	(void)state;
	start(&workers, 1);
	await(ROLE_WORKER, SLOT_IDLE, 3);
	clock_sleep_ms(50);		/* each has served by now */
	count(ROLE_WORKER, SLOT_IDLE, pids);
	t = clock_mono_ns();
	kill(pids[0], SIGKILL);
	assert_true(within(2000, gone, &pids[0]));
	await(ROLE_WORKER, SLOT_IDLE, 3);
	assert_true(clock_mono_ns() - t < 1500 * INT64_C(1000000));
	assert_int_equal(board_restarts(board, ROLE_WORKER), 1);
	kill(super, SIGINT);
	assert_int_equal(ended(), 0);
}

static void the_wait_grows_for_a_child_that_never_served(void **state)
{
	struct proc_fate never = { 0, 20 }, served = { 1, 20 }, old = { 0, 10001 };
	unsigned fails = 0;
	int64_t want = 100;

	(void)state;
	for (int i = 0; i < 8; i++, want *= 2)
		assert_int_equal(proc_restart_wait(&never, &fails), want);
	assert_int_equal(want, 25600);
	assert_int_equal(proc_restart_wait(&never, &fails), 25600);
	assert_int_equal(proc_restart_wait(&never, &fails), 25600);
	assert_int_equal(proc_restart_wait(&served, &fails), 0);
	assert_int_equal(fails, 0);
	assert_int_equal(proc_restart_wait(&never, &fails), 100);
	assert_int_equal(proc_restart_wait(&old, &fails), 0);
}

static void a_failing_role_does_not_hinder_the_others(void **state)
{
	static const struct proc_role roles[] = {
		{ .name = "worker", .role = ROLE_WORKER, .count = 1,
		  .main = idle_main },
		{ .name = "job", .role = ROLE_JOB, .count = 1,
		  .main = fail_main },
	};

	(void)state;
	start(roles, 2);
	await(ROLE_WORKER, SLOT_IDLE, 1);
	clock_sleep_ms(500);
	/* 0.1 s, 0.2 s, 0.4 s: three or so, and not hundreds. */
	assert_in_range(board_restarts(board, ROLE_JOB), 1, 4);
	assert_int_equal(board_restarts(board, ROLE_WORKER), 0);
	kill(super, SIGTERM);
	assert_int_equal(ended(), 0);
}

static void hup_replaces_every_child(void **state)
{
	int before[3], after[3];

	(void)state;
	start(&workers, 1);
	await(ROLE_WORKER, SLOT_IDLE, 3);
	assert_int_equal(count(ROLE_WORKER, SLOT_IDLE, before), 3);
	kill(super, SIGHUP);
	for (int i = 0; i < 3; i++)
		assert_true(within(3000, gone, &before[i]));
	await(ROLE_WORKER, SLOT_IDLE, 3);
	count(ROLE_WORKER, SLOT_IDLE, after);
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			assert_int_not_equal(before[i], after[j]);
	assert_int_equal(board_restarts(board, ROLE_WORKER), 0);
	kill(super, SIGTERM);
	assert_int_equal(ended(), 0);
}

/* Says on the board when it meets another of its kind. */
static int only_main(void *ctx, struct proc_self *self)
{
	struct slot_view v;
	unsigned n = 0;

	(void)ctx;
	for (unsigned i = 0; board_slot_next(board, &i, &v); )
		n += v.role == ROLE_FEED;
	if (n > 1)
		board_inc(BC_FILLS);
	proc_ready(self);
	while (proc_sleep(self, 20))
		;
	clock_sleep_ms(100);		/* slow to leave */
	return 0;
}

static void an_exclusive_role_never_runs_twice(void **state)
{
	static const struct proc_role role = {
		.name = "feed", .role = ROLE_FEED, .count = 1,
		.main = only_main, .exclusive = true };
	int pid;

	(void)state;
	start(&role, 1);
	await(ROLE_FEED, SLOT_IDLE, 1);
	count(ROLE_FEED, SLOT_IDLE, &pid);
	kill(super, SIGHUP);
	assert_true(within(3000, gone, &pid));
	await(ROLE_FEED, SLOT_IDLE, 1);
	assert_int_equal(board_counter(BC_FILLS), 0);
	kill(super, SIGTERM);
	assert_int_equal(ended(), 0);
}

static void a_child_over_its_deadline_is_killed(void **state)
{
	static const struct proc_role role = {
		.name = "worker", .role = ROLE_WORKER, .count = 1,
		.main = hang_main, .deadline_ms = 200 };
	int pid;

	(void)state;
	start(&role, 1);
	await(ROLE_WORKER, SLOT_BUSY, 1);
	count(ROLE_WORKER, SLOT_BUSY, &pid);
	assert_true(within(1500, gone, &pid));
	assert_true(board_counter(BC_DEADLINE_KILLS) >= 1);
	kill(super, SIGTERM);
	ended();
}

static void a_silent_child_is_killed(void **state)
{
	static const char *const argv[] = { "/bin/sleep", "60", NULL };
	static const struct proc_role role = {
		.name = "live", .role = ROLE_LIVE, .count = 1,
		.argv = argv, .silence_ms = 300 };
	int pid;

	(void)state;
	start(&role, 1);
	await(ROLE_LIVE, SLOT_STARTING, 1);
	clock_sleep_ms(50);
	count(ROLE_LIVE, SLOT_STARTING, &pid);
	assert_int_equal(kill(pid, 0), 0);
	assert_true(within(2000, gone, &pid));
	kill(super, SIGTERM);
	ended();
}

static void a_child_that_does_not_drain_is_killed(void **state)
{
	static const struct proc_role role = {
		.name = "worker", .role = ROLE_WORKER, .count = 1,
		.main = hang_main };
	int64_t t;

	(void)state;
	start(&role, 1);
	await(ROLE_WORKER, SLOT_BUSY, 1);
	t = clock_mono_ns();
	kill(super, SIGTERM);
	assert_int_equal(ended(), 0);
	t = (clock_mono_ns() - t) / 1000000;
	assert_in_range(t, 900, 3000);		/* drain_ms is 1000 */
}

static void children_end_with_their_supervisor(void **state)
{
	static const char *const argv[] = { "/bin/sleep", "60", NULL };
	static const struct proc_role roles[] = {
		{ .name = "worker", .role = ROLE_WORKER, .count = 2,
		  .main = idle_main },
		{ .name = "live", .role = ROLE_LIVE, .count = 1,
		  .argv = argv },
	};
	int pids[3];

	(void)state;
	start(roles, 2);
	await(ROLE_WORKER, SLOT_IDLE, 2);
	await(ROLE_LIVE, SLOT_STARTING, 1);
	clock_sleep_ms(50);
	count(ROLE_WORKER, SLOT_IDLE, pids);
	count(ROLE_LIVE, SLOT_STARTING, pids + 2);
	kill(super, SIGKILL);
	ended();
	for (int i = 0; i < 3; i++)
		assert_true(within(3000, gone, &pids[i]));
	/* The next one finds the slots of the dead and frees them. */
	assert_int_equal(board_reap(board), 4);
}

static void a_second_supervisor_is_refused(void **state)
{
	struct proc_conf c = { .program = "test", .role = ROLE_API,
		.pid_file = pid_path, .board = board,
		.listen_path = sock_path, .backlog = 16 };
	struct err err;
	char text[32];

	(void)state;
	start(&workers, 1);
	await(ROLE_WORKER, SLOT_IDLE, 3);
	assert_int_equal(proc_run(&c, &err), -E_BUSY);
	snprintf(text, sizeof(text), "process %d", (int)super);
	assert_non_null(strstr(err.msg, text));
	/* It has not taken the first one's address. */
	assert_int_equal(access(sock_path, F_OK), -1);
	kill(super, SIGTERM);
	assert_int_equal(ended(), 0);
}

static void a_pid_file_of_a_dead_process_is_taken_over(void **state)
{
	(void)state;
	start(&workers, 1);
	await(ROLE_WORKER, SLOT_IDLE, 3);
	kill(super, SIGKILL);
	ended();
	assert_int_equal(access(pid_path, F_OK), 0);
	start(&workers, 1);
	await(ROLE_WORKER, SLOT_IDLE, 3);
	kill(super, SIGTERM);
	assert_int_equal(ended(), 0);
}

static void a_socket_is_moved_into_place(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	struct err err;
	int fd, again, c;
	bool inherited;

	(void)state;
	assert_int_equal(proc_listen(sock_path, 16, &fd, &inherited, &err), 0);
	assert_false(inherited);
	assert_int_equal(stat(sock_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	/* Over the living one: no moment without an address. */
	assert_int_equal(proc_listen(sock_path, 16, &again, &inherited, &err), 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", sock_path);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(c, (struct sockaddr *)&a, sizeof(a)), 0);
	close(c);
	close(fd);
	close(again);
}

static void a_socket_that_cannot_be_made_says_where(void **state)
{
	char longer[200];
	struct err err;
	bool inherited;
	int fd = -7;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(proc_listen(longer, 16, &fd, &inherited, &err),
			 -E_INVAL);
	assert_int_equal(proc_listen("/nonexistent/s", 16, &fd, &inherited,
				     &err), -E_IO);
	assert_non_null(strstr(err.msg, "/nonexistent/s"));
	assert_int_equal(fd, -7);
}

static void a_passed_descriptor_must_listen(void **state)
{
	struct err err;
	bool inherited;
	char text[16];
	int fd = -7, status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		int s, rc = 0;

		snprintf(text, sizeof(text), "%d", (int)getpid());
		setenv("LISTEN_PID", text, 1);
		setenv("LISTEN_FDS", "1", 1);
		close(3);
		rc |= proc_listen(sock_path, 16, &fd, &inherited, &err) != -E_INVAL;
		unsetenv("LISTEN_FDS");
		rc |= proc_listen(sock_path, 16, &s, &inherited, &err) != 0 ||
		      inherited;
		rc |= dup2(s, 3) != 3;
		setenv("LISTEN_FDS", "1", 1);
		rc |= proc_listen(sock_path, 16, &fd, &inherited, &err) != 0 ||
		      !inherited || fd != 3;
		/* Meant for another process. */
		setenv("LISTEN_PID", "1", 1);
		rc |= proc_listen(sock_path, 16, &fd, &inherited, &err) != 0 ||
		      inherited;
		_exit(rc);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void the_service_manager_is_told(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char buf[64];
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);
	ssize_t n;

	(void)state;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", sock_path);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	setenv("NOTIFY_SOCKET", sock_path, 1);
	setenv("WATCHDOG_USEC", "100000", 1);
	start(&workers, 1);
	n = recv(s, buf, sizeof(buf) - 1, 0);
	buf[n > 0 ? n : 0] = '\0';
	assert_string_equal(buf, "READY=1");
	n = recv(s, buf, sizeof(buf) - 1, 0);
	buf[n > 0 ? n : 0] = '\0';
	assert_string_equal(buf, "WATCHDOG=1");
	kill(super, SIGTERM);
	do {
		n = recv(s, buf, sizeof(buf) - 1, 0);
		buf[n > 0 ? n : 0] = '\0';
	} while (strcmp(buf, "WATCHDOG=1") == 0);
	assert_string_equal(buf, "STOPPING=1");
	assert_int_equal(ended(), 0);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(children_start_and_drain_on_term),
		T(a_child_that_had_served_is_replaced_at_once),
		T(the_wait_grows_for_a_child_that_never_served),
		T(a_failing_role_does_not_hinder_the_others),
		T(hup_replaces_every_child),
		T(an_exclusive_role_never_runs_twice),
		T(a_child_over_its_deadline_is_killed),
		T(a_silent_child_is_killed),
		T(a_child_that_does_not_drain_is_killed),
		T(children_end_with_their_supervisor),
		T(a_second_supervisor_is_refused),
		T(a_pid_file_of_a_dead_process_is_taken_over),
		T(a_socket_is_moved_into_place),
		T(a_socket_that_cannot_be_made_says_where),
		T(a_passed_descriptor_must_listen),
		T(the_service_manager_is_told),
	};
	int rc;

	if (mkdtemp(dir) == NULL)
		return 99;
	snprintf(board_path, sizeof(board_path), "%s/board", dir);
	snprintf(pid_path, sizeof(pid_path), "%s/pid", dir);
	snprintf(sock_path, sizeof(sock_path), "%s/sock", dir);
	log_set_sink(quiet, NULL);
	rc = cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
	snprintf(board_path, sizeof(board_path), "%s/board.lock", dir);
	unlink(board_path);
	rmdir(dir);
	return rc;
}
