#ifndef PROC_PROC_I_H
#define PROC_PROC_I_H
/* proc_i.h - the two sides of the supervisor. */
#include <signal.h>

#include "proc/proc.h"

struct proc_self {
	const struct proc_conf *conf;
	const struct proc_role *role;
	unsigned index;
	struct board_slot *slot;
	int listen_fd;
	int ep, ep_fd;		/* epoll, and what is registered there */
	sigset_t open;		/* mask while waiting: SIGTERM comes in */
};

/* In the fresh child; never returns.  `close_fd` is the parent's alone. */
NORETURN void child_run(const struct proc_conf *c, const struct proc_role *role,
			unsigned index, struct board_slot *slot, int parent,
			int close_fd);
/* The pid file, locked; -1 in *ret_fd when `path` is NULL. */
MUST_CHECK int pidfile_take(const char *path, int *ret_fd, struct err *err);

#endif /* PROC_PROC_I_H */
