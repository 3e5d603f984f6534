#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "proc/proc_i.h"

/* Set by the handlers below, which have no other way to say it. */
static volatile sig_atomic_t draining;
static unsigned orphan_seconds;		/* how long an orphan may go on */

static void on_term(int sig)
{
	(void)sig;
	draining = 1;
}

/* The supervisor is gone: drain as if asked to (SIGTERM stays pending until
 * the next wait), and since nobody is left to kill a child that hangs, an
 * alarm does. */
static void on_orphan(int sig)
{
	(void)sig;
	alarm(orphan_seconds);
	raise(SIGTERM);
}

static void handle(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = { .sa_handler = fn, .sa_flags = flags };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void child_signals(struct proc_self *self)
{
	sigset_t blocked;

	handle(SIGTERM, on_term, 0);
	handle(SIGUSR1, on_orphan, SA_RESTART);
	handle(SIGINT, SIG_IGN, 0);	/* the terminal's; TERM follows */
	handle(SIGHUP, SIG_IGN, 0);
	handle(SIGPIPE, SIG_IGN, 0);
	handle(SIGCHLD, SIG_DFL, 0);
	sigemptyset(&self->open);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

NORETURN static void child_exec(const struct proc_self *self)
{
	static const char *const not_theirs[] = {
		"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
		"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
	};
	const struct proc_role *r = self->role;
	char *argv[16], number[16];
	size_t n = 0;
	sigset_t none;

	for (size_t i = 0; i < ARRAY_LEN(not_theirs); i++)
		unsetenv(not_theirs[i]);
	snprintf(number, sizeof(number), "%u",
		 slot_number(self->conf->board, self->slot));
	setenv("ORCH_SLOT", number, 1);
	/* execv takes char * for old times' sake and writes to none. */
	for (; n < ARRAY_LEN(argv) - 1 && r->argv[n] != NULL; n++)
		argv[n] = (char *)(uintptr_t)r->argv[n];
	argv[n] = NULL;
	close_range(3, ~0u, 0);
	handle(SIGPIPE, SIG_DFL, 0);
	handle(SIGHUP, SIG_DFL, 0);
	handle(SIGINT, SIG_IGN, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(argv[0], argv);
	log_error(NULL, "execute %s: %s", argv[0], strerror(errno));
	_exit(127);
}

void child_run(const struct proc_conf *c, const struct proc_role *role,
	       unsigned index, struct board_slot *slot, int parent,
	       int close_fd)
{
	struct proc_self self = {
		.conf = c, .role = role, .index = index, .slot = slot,
		.listen_fd = role->listens ? c->listen_fd : -1,
		.ep = -1, .ep_fd = -1,
	};
	char name[16];

	prctl(PR_SET_PDEATHSIG, role->main != NULL ? SIGUSR1 : SIGTERM);
	if (getppid() != parent)
		_exit(0);		/* it died before the line above */
	snprintf(name, sizeof(name), "orch-%s", role->name);
	prctl(PR_SET_NAME, name);
	if (close_fd >= 0)
		close(close_fd);
	if (!role->listens && c->listen_fd >= 0)
		close(c->listen_fd);
	orphan_seconds = (unsigned)(c->drain_ms / 1000) + 1;
	slot_start(slot, (int)getpid());
	if (role->main == NULL)
		child_exec(&self);
	child_signals(&self);
	board_attach(c->board);
	slot_attach(slot);
	/* exit, not _exit: the sanitizers and gcov report at exit, and the
	 * supervisor registers nothing that a child must not run. */
	exit(role->main(role->ctx, &self));
}

bool proc_draining(struct proc_self *self)
{
	sigset_t pending;

	if (!draining) {
		sigpending(&pending);
		if (!sigismember(&pending, SIGTERM))
			return false;
		draining = 1;
	}
	slot_drain(self->slot);
	return true;
}

static bool wait_ended(struct proc_self *self)
{
	if (!draining)
		return false;
	slot_drain(self->slot);
	return true;
}

static void ep_register(struct proc_self *self, int fd)
{
	/* EXCLUSIVE: of all workers that wait on one socket, one wakes up. */
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE };

	if (self->ep < 0)
		self->ep = epoll_create1(EPOLL_CLOEXEC);
	assert(self->ep >= 0);
	if (self->ep_fd >= 0)
		epoll_ctl(self->ep, EPOLL_CTL_DEL, self->ep_fd, NULL);
	if (fd >= 0 && epoll_ctl(self->ep, EPOLL_CTL_ADD, fd, &ev) < 0)
		log_error(NULL, "epoll: %s", strerror(errno));
	self->ep_fd = fd;
}

bool proc_wait(struct proc_self *self, int fd, int64_t timeout_ms,
	       bool *ret_ready)
{
	struct epoll_event ev;
	int n;

	*ret_ready = false;
	if (fd != self->ep_fd || self->ep < 0)
		ep_register(self, fd);
	if (timeout_ms > INT32_MAX)
		timeout_ms = INT32_MAX;
	n = epoll_pwait(self->ep, &ev, 1, timeout_ms < 0 ? -1 : (int)timeout_ms,
			&self->open);
	if (wait_ended(self))
		return false;
	*ret_ready = n > 0;
	return true;
}

bool proc_sleep(struct proc_self *self, int64_t ms)
{
	int64_t until = clock_mono_ns() + ms * 1000000, left;

	do {
		struct timespec ts;

		left = until - clock_mono_ns();
		left = left > 0 ? left : 0;
		ts = (struct timespec){ left / 1000000000, left % 1000000000 };
		ppoll(NULL, 0, &ts, &self->open);
		if (wait_ended(self))
			return false;
	} while (left > 0);
	return true;
}

void proc_ready(struct proc_self *self)
{
	slot_ready(self->slot);
}

void proc_busy(struct proc_self *self, unsigned route, const char *id)
{
	slot_busy(self->slot, route, id);
}

void proc_idle(struct proc_self *self)
{
	slot_idle(self->slot);
}

int proc_listen_fd(const struct proc_self *self)
{
	return self->listen_fd;
}

struct board_slot *proc_slot(const struct proc_self *self)
{
	return self->slot;
}

unsigned proc_index(const struct proc_self *self)
{
	return self->index;
}

struct board_slot *proc_slot_from_env(struct board *b)
{
	const char *text = getenv("ORCH_SLOT");
	struct board_slot *s;
	struct slot_view v;
	uint64_t number;

	board_attach(b);
	if (text == NULL || !str_u64(str_c(text), &number))
		return NULL;
	s = slot_at(b, (unsigned)(number < BOARD_SLOTS ? number : BOARD_SLOTS));
	if (s == NULL)
		return NULL;
	slot_view(s, &v);
	if (v.owner != (int)getppid() || v.pid != (int)getpid())
		return NULL;	/* an old number in the environment */
	slot_attach(s);
	return s;
}
