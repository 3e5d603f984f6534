#ifndef PROC_PROC_H
#define PROC_PROC_H
/* proc.h - a supervisor that only supervises.
 *
 * A program is a table of roles.  The supervisor forks `count` children of
 * each, reaps them, starts them again, and does nothing else: it links no
 * database, no curl, no JSON.
 *
 *   SIGTERM, SIGINT  drain: children finish what they are doing; whoever is
 *                    not done after drain_ms is killed
 *   SIGHUP           the next generation starts, then the last one drains
 *   child over its role's deadline within one piece of work: SIGKILL
 *   child that had served, or lived 10 s: replaced at once; one that never
 *                    served: ever more slowly, 0.1 s to 25.6 s
 *   supervisor dies: its children drain by themselves
 *
 * A child runs role->main(ctx, self), with SIGTERM blocked except while it
 * waits in proc_wait() or proc_sleep(): nothing is ever interrupted half way,
 * and no wake-up is lost.  When these return false it returns.  SIGPIPE,
 * SIGHUP and SIGINT are ignored in children. */
#include "core/err.h"
#include "proc/board.h"

struct proc_self;		/* what a child knows about itself */

struct proc_role {
	const char *name;	/* in logs */
	enum board_role role;	/* in metrics */
	unsigned count;
	/* Either a function; its return value is the exit status ... */
	int (*main)(void *ctx, struct proc_self *self);
	void *ctx;
	/* ... or a program to execute, without descriptors above 2; the
	 * number of its board slot is passed as ORCH_SLOT. */
	const char *const *argv;
	bool listens;		/* keeps the listening descriptor */
	bool exclusive;		/* SIGHUP: the old one ends first */
	int64_t deadline_ms;	/* for one piece of work; 0: none */
	int64_t silence_ms;	/* no slot_beat() for so long: SIGKILL; 0: none */
};

struct proc_conf {
	const char *program;	/* "orch-api" */
	enum board_role role;	/* the supervisor's own */
	const char *pid_file;	/* NULL: none; locked against a second one */
	struct board *board;
	/* Where the roles that listen do: made (or inherited) once the pid
	 * file is ours, so that a second instance by mistake takes nothing
	 * from the first.  NULL: listen_fd, which may be -1. */
	const char *listen_path;
	int backlog;
	int listen_fd;
	int64_t drain_ms;
	const struct proc_role *roles;
	size_t n_roles;
};

/* Runs until told to end; 0 when everything ended in order. */
MUST_CHECK int proc_run(const struct proc_conf *c, struct err *err);

/* The listening unix socket: descriptor 3 when the service manager passed one
 * (LISTEN_FDS), else a fresh one moved into place at `path`, mode 0660.
 * Non-blocking.  *ret_inherited tells whose it is. */
MUST_CHECK int proc_listen(const char *path, int backlog, int *ret_fd,
			   bool *ret_inherited, struct err *err);

/* ---- in a child ---- */
/* Waits until fd is readable or timeout_ms is over (-1: no limit).  False
 * when the process is to end.  *ret_ready: fd is readable. */
MUST_CHECK bool proc_wait(struct proc_self *self, int fd, int64_t timeout_ms,
			  bool *ret_ready);
MUST_CHECK bool proc_sleep(struct proc_self *self, int64_t ms);
bool proc_draining(struct proc_self *self);	/* asks without waiting */
/* "I can take work"; the first child that says so makes the program ready. */
void proc_ready(struct proc_self *self);
/* One piece of work, for the deadline and the scoreboard; id may be NULL. */
void proc_busy(struct proc_self *self, unsigned route, const char *id);
void proc_idle(struct proc_self *self);		/* done: one more served */
int proc_listen_fd(const struct proc_self *self);	/* -1 if not `listens` */
struct board_slot *proc_slot(const struct proc_self *self);
unsigned proc_index(const struct proc_self *self);	/* 0 .. count-1 */

/* ---- in a program that was executed as a child ---- */
/* Attaches the slot named by ORCH_SLOT in `b`; NULL when there is none.  Ends
 * the process with its parent from here on. */
struct board_slot *proc_slot_from_env(struct board *b);

/* ---- the service manager ---- */
/* Sends e.g. "READY=1" to $NOTIFY_SOCKET; without one nothing happens. */
void proc_notify(const char *state);

/* ---- the restart policy, as a pure function ---- */
struct proc_fate { uint64_t served; int64_t lived_ms; };
/* Milliseconds to wait before the next start; 0: now. */
int64_t proc_restart_wait(const struct proc_fate *f, unsigned *fails);

/* When a process was started, in clock ticks after boot (0: no such process);
 * with the pid it names a process for good. */
uint64_t proc_start_ticks(int pid);

#endif /* PROC_PROC_H */
