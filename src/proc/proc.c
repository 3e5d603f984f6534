#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "proc/proc_i.h"

#define TICK_MS		100		/* how late a deadline may be noticed */
#define KIDS_MAX	BOARD_SLOTS
#define MS		INT64_C(1000000)
#define WAIT_NEW_MS	5000		/* an old one outlives a new one's start */

/* A place that is to be filled: role r, number i. */
struct post {
	const struct proc_role *role;
	unsigned index;
	unsigned fails;
	int64_t start_ns;		/* not before */
};

struct kid {
	pid_t pid;			/* 0: this entry is free */
	struct post *post;
	struct board_slot *slot;
	bool current;			/* the one that fills its post */
	bool retire;			/* end it when its successor is ready */
	bool told, killed;		/* SIGTERM, SIGKILL sent */
	int64_t born_ns, told_ns, retire_ns;
};

struct super {
	const struct proc_conf *c;
	struct proc_conf own;		/* *c, with its listen_fd */
	struct post *posts;
	size_t n_posts;
	struct kid kids[KIDS_MAX];
	bool stopping, announced;
	int64_t stop_ns;
	int64_t watchdog_ns, last_ping_ns;
	int pid_fd, pid;
	sigset_t signals;
};

int64_t proc_restart_wait(const struct proc_fate *f, unsigned *fails)
{
	if (f->served > 0 || f->lived_ms > 10000) {
		*fails = 0;
		return 0;			/* only this one died */
	}
	/* Something is wrong for all of them. */
	return INT64_C(100) << (*fails < 8 ? (*fails)++ : 8);
}

static struct kid *kid_free_entry(struct super *s)
{
	for (size_t i = 0; i < KIDS_MAX; i++)
		if (s->kids[i].pid == 0)
			return &s->kids[i];
	return NULL;
}

static struct kid *kid_current(struct super *s, const struct post *p)
{
	for (size_t i = 0; i < KIDS_MAX; i++)
		if (s->kids[i].pid != 0 && s->kids[i].post == p &&
		    s->kids[i].current)
			return &s->kids[i];
	return NULL;
}

static bool post_has_any(const struct super *s, const struct post *p)
{
	for (size_t i = 0; i < KIDS_MAX; i++)
		if (s->kids[i].pid != 0 && s->kids[i].post == p)
			return true;
	return false;
}

static size_t kids_alive(const struct super *s)
{
	size_t n = 0;

	for (size_t i = 0; i < KIDS_MAX; i++)
		n += s->kids[i].pid != 0;
	return n;
}

static void spawn(struct super *s, struct post *p, int64_t now)
{
	struct kid *k = kid_free_entry(s);
	struct board_slot *slot = k == NULL ? NULL :
		slot_take(s->c->board, p->role->role, s->pid);
	pid_t pid;

	if (slot == NULL) {
		log_error(NULL, "%s: no free slot", p->role->name);
		p->start_ns = now + 1000 * MS;
		return;
	}
	pid = fork();
	if (pid == 0)
		child_run(s->c, p->role, p->index, slot, s->pid, s->pid_fd);
	if (pid < 0) {
		log_error(NULL, "%s: fork: %s", p->role->name, strerror(errno));
		slot_free(slot);
		p->start_ns = now + proc_restart_wait(
			&(struct proc_fate){ 0 }, &p->fails) * MS;
		return;
	}
	*k = (struct kid){ .pid = pid, .post = p, .slot = slot,
			   .current = true, .born_ns = now };
	log_debug(NULL, "%s %u started as %d", p->role->name, p->index,
		  (int)pid);
}

static void tell(struct kid *k, int64_t now)
{
	k->retire = false;
	if (k->told)
		return;
	k->told = true;
	k->told_ns = now;
	kill(k->pid, SIGTERM);
}

static void put_down(struct kid *k, const char *why)
{
	struct slot_view v;

	if (k->killed)
		return;
	slot_view(k->slot, &v);
	log_error(NULL, "%s %d killed: %s (request %s)", k->post->role->name,
		  (int)k->pid, why, v.reqid[0] != '\0' ? v.reqid : "-");
	k->killed = true;
	kill(k->pid, SIGKILL);
}

static void fill_posts(struct super *s, int64_t now)
{
	if (s->stopping)
		return;
	for (size_t i = 0; i < s->n_posts; i++) {
		struct post *p = &s->posts[i];

		if (p->start_ns > now || kid_current(s, p) != NULL)
			continue;
		if (p->role->exclusive && post_has_any(s, p))
			continue;
		spawn(s, p, now);
	}
}

/* SIGHUP: every child is to be replaced.  An exclusive one is told to end
 * now; another works on until its successor is ready. */
static void next_generation(struct super *s, int64_t now)
{
	log_info(NULL, "replacing all processes");
	for (size_t i = 0; i < KIDS_MAX; i++) {
		struct kid *k = &s->kids[i];

		if (k->pid == 0 || !k->current)
			continue;
		k->current = false;
		k->post->start_ns = 0;
		if (k->post->role->exclusive) {
			tell(k, now);
		} else {
			k->retire = true;
			k->retire_ns = now;
		}
	}
}

static bool kid_ready(const struct kid *k)
{
	struct slot_view v;

	slot_view(k->slot, &v);
	return v.state == SLOT_IDLE || v.state == SLOT_BUSY;
}

static void retire_replaced(struct super *s, int64_t now)
{
	for (size_t i = 0; i < KIDS_MAX; i++) {
		struct kid *k = &s->kids[i], *new;

		if (k->pid == 0 || !k->retire)
			continue;
		new = kid_current(s, k->post);
		if ((new != NULL && kid_ready(new)) ||
		    now - k->retire_ns > WAIT_NEW_MS * MS)
			tell(k, now);
	}
}

static void begin_stop(struct super *s, int64_t now)
{
	if (s->stopping)
		return;
	log_info(NULL, "draining");
	proc_notify("STOPPING=1");
	s->stopping = true;
	s->stop_ns = now;
	for (size_t i = 0; i < KIDS_MAX; i++)
		if (s->kids[i].pid != 0)
			tell(&s->kids[i], now);
}

static void check_deadlines(struct super *s, int64_t now)
{
	for (size_t i = 0; i < KIDS_MAX; i++) {
		struct kid *k = &s->kids[i];
		const struct proc_role *r;
		struct slot_view v;

		if (k->pid == 0 || k->killed)
			continue;
		r = k->post->role;
		slot_view(k->slot, &v);
		if (r->deadline_ms > 0 && v.busy_since_ns != 0 &&
		    now - v.busy_since_ns > r->deadline_ms * MS) {
			put_down(k, "over the deadline");
			board_inc(BC_DEADLINE_KILLS);
		} else if (r->silence_ms > 0 &&
			   now - v.beat_ns > r->silence_ms * MS) {
			put_down(k, "no sign of life");
			board_inc(BC_DEADLINE_KILLS);
		} else if (k->told && now - k->told_ns > s->c->drain_ms * MS) {
			put_down(k, "did not drain in time");
		}
	}
}

static void bury(struct super *s, struct kid *k, int status,
		 const struct rusage *ru, int64_t now)
{
	const struct proc_role *r = k->post->role;
	struct proc_fate fate = { .lived_ms = (now - k->born_ns) / MS };
	struct slot_view v;
	int64_t wait;

	slot_view(k->slot, &v);
	fate.served = v.served;
	board_cpu_add(s->c->board, r->role,
		(uint64_t)(ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * 1000000 +
		(uint64_t)(ru->ru_utime.tv_usec + ru->ru_stime.tv_usec));
	slot_free(k->slot);
	k->pid = 0;
	if (k->told && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (WIFSIGNALED(status))
		log_warn(NULL, "%s %u ended by signal %d", r->name,
			 k->post->index, WTERMSIG(status));
	else
		log_warn(NULL, "%s %u ended with status %d", r->name,
			 k->post->index, WEXITSTATUS(status));
	if (s->stopping || !k->current)
		return;
	board_restarted(s->c->board, r->role);
	wait = proc_restart_wait(&fate, &k->post->fails);
	k->post->start_ns = now + wait * MS;
	if (wait > 0)
		log_warn(NULL, "%s %u starts again in %.1f s", r->name,
			 k->post->index, (double)wait / 1000);
}

static void reap(struct super *s, int64_t now)
{
	struct rusage ru;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &ru)) > 0)
		for (size_t i = 0; i < KIDS_MAX; i++)
			if (s->kids[i].pid == pid) {
				bury(s, &s->kids[i], status, &ru, now);
				break;
			}
}

/* READY once somebody can take work; then, while that is so, a sign to the
 * watchdog.  A child over its deadline does not count. */
static void announce(struct super *s, int64_t now)
{
	bool healthy = false;

	for (size_t i = 0; i < KIDS_MAX && !healthy; i++) {
		struct kid *k = &s->kids[i];

		healthy = k->pid != 0 && !k->killed && k->current &&
			  (s->c->listen_fd < 0 || k->post->role->listens) &&
			  kid_ready(k);
	}
	if (!healthy)
		return;
	if (!s->announced && !s->stopping) {
		s->announced = true;
		log_info(NULL, "ready");
		proc_notify("READY=1");
	}
	if (s->watchdog_ns > 0 && now - s->last_ping_ns >= s->watchdog_ns) {
		s->last_ping_ns = now;
		proc_notify("WATCHDOG=1");
	}
}

static void loop(struct super *s, struct board_slot *own)
{
	const struct timespec tick = { 0, TICK_MS * MS };

	while (!s->stopping || kids_alive(s) > 0) {
		int64_t now = clock_mono_ns();
		int sig;

		slot_beat(own);
		fill_posts(s, now);
		retire_replaced(s, now);
		check_deadlines(s, now);
		announce(s, now);
		sig = sigtimedwait(&s->signals, NULL, &tick);
		now = clock_mono_ns();
		if (sig == SIGTERM || sig == SIGINT)
			begin_stop(s, now);
		else if (sig == SIGHUP && !s->stopping)
			next_generation(s, now);
		reap(s, now);
	}
}

static void make_posts(struct super *s, struct arena *a)
{
	size_t n = 0;

	for (size_t r = 0; r < s->c->n_roles; r++)
		s->n_posts += s->c->roles[r].count;
	s->posts = NEW_N(a, struct post, s->n_posts);
	for (size_t r = 0; r < s->c->n_roles; r++)
		for (unsigned i = 0; i < s->c->roles[r].count; i++)
			s->posts[n++] = (struct post){
				.role = &s->c->roles[r], .index = i };
}

static void own_signals(struct super *s, sigset_t *ret_old)
{
	sigemptyset(&s->signals);
	sigaddset(&s->signals, SIGTERM);
	sigaddset(&s->signals, SIGINT);
	sigaddset(&s->signals, SIGHUP);
	sigaddset(&s->signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &s->signals, ret_old);
	signal(SIGPIPE, SIG_IGN);
}

static void own_watchdog(struct super *s)
{
	const char *us = getenv("WATCHDOG_USEC");
	uint64_t v;

	/* Half of it, as the service manager's manual asks. */
	if (us != NULL && str_u64(str_c(us), &v))
		s->watchdog_ns = (int64_t)(v / 2 * 1000);
}

static int run_locked(struct super *s, struct arena *a, struct err *err)
{
	struct board_slot *own;
	bool inherited;
	int rc;

	if (s->own.listen_path != NULL) {
		rc = proc_listen(s->own.listen_path, s->own.backlog,
				 &s->own.listen_fd, &inherited, err);
		if (rc < 0)
			return rc;
	}
	board_reap(s->c->board);
	board_attach(s->c->board);
	own = slot_take(s->c->board, s->c->role, s->pid);
	if (own == NULL) {
		rc = FAIL(err, E_LIMIT, "the board has no free slot");
	} else {
		slot_start(own, s->pid);
		slot_ready(own);
		make_posts(s, a);
		own_watchdog(s);
		loop(s, own);
		slot_free(own);
		rc = 0;
	}
	if (s->own.listen_path != NULL)
		close(s->own.listen_fd);
	return rc;
}

int proc_run(const struct proc_conf *c, struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("supervisor", 1 << 20);
	struct super *s = NEW(a, struct super);
	sigset_t old;
	int rc;

	s->own = *c;
	s->c = &s->own;
	s->pid = (int)getpid();
	/* Before the pid file tells the world whom to send them to. */
	own_signals(s, &old);
	rc = pidfile_take(c->pid_file, &s->pid_fd, err);
	if (rc == 0) {
		rc = run_locked(s, a, err);
		if (s->pid_fd >= 0) {
			unlink(c->pid_file);
			close(s->pid_fd);
		}
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}
