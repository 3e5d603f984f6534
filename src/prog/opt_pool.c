#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prog/opt_pool.h"

#define JOBS_MAX 64
#define SHARE_MEMORY ((size_t)512 << 20)
#define LINE_MAX_BYTES ((size_t)1 << 20)

struct order { uint64_t fold, number; double point[OPT_AXES_MAX]; };
struct child {
	pid_t pid;
	int fd;
	bool busy;
	char *buf;
	size_t n;
};
struct opt_pool {
	struct arena *out;
	struct opt_data own;		/* with this process's share */
	struct opt_share share;
	const struct opt_data *d;
	const struct opt_spec *s;
	const struct opt_fold *f;
	struct child *v;
	size_t n;
};

/* --- one trial ---------------------------------------------------------------- */

static int trial_line(struct arena *tmp, const struct opt_pool *p, size_t fold,
		      size_t number, const double *point, struct str *ret,
		      struct err *err)
{
	struct opt_trial t;
	struct sbuf b;
	struct jw w;
	int rc = opt_eval(tmp, p->d, p->s, &p->f[fold], fold, number, point, &t, err);

	if (rc != 0)
		return rc;
	sbuf_init(&b, tmp, LINE_MAX_BYTES - 1);
	jw_init(&w, &b);
	opt_trial_write(&w, &t);
	if (sbuf_finish(&b) == NULL)
		return FAIL(err, E_TOOBIG, "a trial's result is too long");
	*ret = str_n(b.buf, b.len);
	return 0;
}

static bool all(int fd, void *buf, size_t n, bool out)
{
	char *at = buf;

	while (n > 0) {
		ssize_t k = out ? send(fd, at, n, MSG_NOSIGNAL) : read(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

NORETURN static void child_main(const struct opt_pool *p, int fd)
{
	struct order o;

	/* A child ends with its parent's socket: Ctrl-C is the parent's. */
	signal(SIGINT, SIG_IGN);
	while (all(fd, &o, sizeof(o), false)) {
		SCOPE(tmp, p->out) {
			struct str line;
			struct err err;
			char *text;

			if (trial_line(tmp, p, o.fold, o.number, o.point, &line,
				       &err) != 0)
				_exit(1);
			text = arena_printf(tmp, "%.*s\n", STR_ARG(line));
			if (!all(fd, text, line.n + 1, true))
				_exit(0);
		}
	}
	_exit(0);
}

static void free_share(void *a) { arena_free(a); }

/* --- the pool ------------------------------------------------------------------- */

int opt_pool_new(struct arena *out, const struct opt_data *d,
		 const struct opt_spec *s, const struct opt_fold *f, size_t jobs,
		 struct opt_pool **ret, struct err *err)
{
	struct opt_pool *p = NEW(out, struct opt_pool);

	*p = (struct opt_pool){ .out = out, .own = *d, .s = s, .f = f };
	p->share = (struct opt_share){ arena_new("share", SHARE_MEMORY * 2), NULL,
				       SHARE_MEMORY };
	arena_defer(out, free_share, &p->share.a);
	p->own.share = &p->share;
	p->d = &p->own;
	p->v = NEW_N(out, struct child, JOBS_MAX);
	for (; p->n < jobs && p->n < JOBS_MAX; p->n++) {
		struct child *c = &p->v[p->n];
		int fd[2];

		c->buf = arena_alloc_raw(out, LINE_MAX_BYTES);
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
			return FAIL(err, E_IO, "socketpair: %s", strerror(errno));
		c->pid = fork();
		if (c->pid < 0) {
			opt_pool_end(p);
			return FAIL(err, E_IO, "fork: %s", strerror(errno));
		}
		if (c->pid == 0) {
			for (size_t k = 0; k < p->n; k++)
				close(p->v[k].fd);
			close(fd[0]);
			child_main(p, fd[1]);
		}
		close(fd[1]);
		c->fd = fd[0];
	}
	*ret = p;
	return 0;
}

void opt_pool_end(struct opt_pool *p)
{
	for (size_t i = 0; i < p->n; i++)
		close(p->v[i].fd);
	for (size_t i = 0; i < p->n; i++) {
		kill(p->v[i].pid, SIGTERM);
		while (waitpid(p->v[i].pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	p->n = 0;
}

static int serial(struct opt_pool *p, const struct opt_job *v, size_t n,
		  const volatile int *stop, opt_done_fn *done, void *ctx,
		  struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		SCOPE(tmp, p->out) {
			struct str line;
			int rc = *stop ? 1 :
				trial_line(tmp, p, v[i].fold, v[i].number,
					   v[i].point, &line, err);

			if (rc == 0)
				rc = done(ctx, line.p, line.n, err);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static int give(struct opt_pool *p, struct child *c, const struct opt_job *j,
		struct err *err)
{
	struct order o = { .fold = j->fold, .number = j->number };

	memcpy(o.point, j->point, p->s->n_axes * sizeof(double));
	if (!all(c->fd, &o, sizeof(o), true))
		return FAIL(err, E_IO, "a process that computed trials has ended");
	c->busy = true;
	return 0;
}

/* Reads what a child has; 1 when that was a whole line. */
static int take(struct child *c, opt_done_fn *done, void *ctx, struct err *err)
{
	ssize_t k = read(c->fd, c->buf + c->n, LINE_MAX_BYTES - c->n);
	int rc;

	if (k < 0 && errno == EINTR)
		return 0;
	if (k <= 0)
		return FAIL(err, E_IO, "a process that computed trials has ended");
	c->n += (size_t)k;
	if (c->buf[c->n - 1] != '\n')
		return c->n < LINE_MAX_BYTES ? 0 :
			FAIL(err, E_BUG, "a trial's line has no end");
	rc = done(ctx, c->buf, c->n - 1, err);
	c->n = 0;
	c->busy = false;
	return rc < 0 ? rc : 1;
}

int opt_pool_run(struct opt_pool *p, const struct opt_job *v, size_t n,
		 const volatile int *stop, opt_done_fn *done, void *ctx,
		 struct err *err)
{
	struct pollfd fds[JOBS_MAX];
	size_t next = 0, left = n;
	int rc;

	if (p->n == 0)
		return serial(p, v, n, stop, done, ctx, err);
	while (left > 0) {
		for (size_t i = 0; i < p->n; i++) {
			if (!p->v[i].busy && next < n &&
			    (rc = give(p, &p->v[i], &v[next++], err)) < 0)
				return rc;
			fds[i] = (struct pollfd){ .fd = p->v[i].fd, .events = POLLIN };
		}
		if (poll(fds, p->n, 1000) < 0 && errno != EINTR)
			return FAIL(err, E_IO, "poll: %s", strerror(errno));
		if (*stop)
			return 1;
		for (size_t i = 0; i < p->n; i++) {
			if (fds[i].revents == 0)
				continue;
			rc = take(&p->v[i], done, ctx, err);
			if (rc < 0)
				return rc;
			left -= (size_t)rc;
		}
	}
	return 0;
}
