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

/* Trials of one fold, side by side: fewer where each takes long, that a wish
 * to stop is heard. */
#define ORDER_MAX  64
#define ORDER_WORK 4000000	/* bars */
struct order {
	uint64_t fold, n;
	struct { uint64_t number; double point[OPT_AXES_MAX]; } v[ORDER_MAX];
};
struct child {
	pid_t pid;
	int fd;
	size_t busy;			/* trials it has not told of */
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
	struct order order;		/* being made, or done here */
};

/* --- trials ---------------------------------------------------------------- */

typedef int line_fn(void *ctx, const char *line, size_t n, struct err *err);

static int trials(struct arena *out, const struct opt_pool *p, const struct order *o,
		  line_fn *fn, void *ctx, struct err *err)
{
	struct opt_point v[ORDER_MAX];
	struct opt_trial *t = NEW_N(out, struct opt_trial, o->n);
	int rc;

	for (size_t i = 0; i < o->n; i++)
		v[i] = (struct opt_point){ o->v[i].number, o->v[i].point };
	rc = opt_eval_many(out, p->d, p->s, &p->f[o->fold], o->fold, v, o->n, t, err);
	for (size_t i = 0; i < o->n && rc == 0; i++) {
		SCOPE(tmp, out) {
			struct sbuf b;
			struct jw w;

			sbuf_init(&b, tmp, LINE_MAX_BYTES - 1);
			jw_init(&w, &b);
			opt_trial_write(&w, &t[i]);
			rc = sbuf_finish(&b) == NULL ?
				FAIL(err, E_TOOBIG, "a trial's result is too long") :
				fn(ctx, b.buf, b.len, err);
		}
	}
	return rc;
}

/* The next trials of v[0..n), no more than `most`. */
static size_t make_order(struct opt_pool *p, const struct opt_job *v, size_t n, size_t most)
{
	const struct opt_fold *f = &p->f[v[0].fold];
	size_t bars = f->train_end - f->train, room = ORDER_WORK / (bars > 0 ? bars : 1);
	struct order *o = &p->order;

	most = most > ORDER_MAX ? ORDER_MAX : most;
	most = most > room ? room : most;
	o->fold = v[0].fold;
	o->n = 0;
	while (o->n < n && (o->n < most || o->n == 0) && v[o->n].fold == o->fold) {
		o->v[o->n].number = v[o->n].number;
		memcpy(o->v[o->n].point, v[o->n].point, p->s->n_axes * sizeof(double));
		o->n++;
	}
	return o->n;
}

static bool send_all(int fd, const void *buf, size_t n)
{
	const char *at = buf;

	while (n > 0) {
		ssize_t k = send(fd, at, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static bool read_all(int fd, void *buf, size_t n)
{
	char *at = buf;

	while (n > 0) {
		ssize_t k = read(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static int send_line(void *ctx, const char *line, size_t n, struct err *err)
{
	const int *fd = ctx;

	/* Nobody reads any more: that is the end. */
	if (!send_all(*fd, line, n) || !send_all(*fd, "\n", 1))
		_exit(0);
	(void)err;
	return 0;
}

NORETURN static void child_main(struct opt_pool *p, int fd)
{
	/* A child ends with its parent's socket: Ctrl-C is the parent's. */
	signal(SIGINT, SIG_IGN);
	while (read_all(fd, &p->order, sizeof(p->order))) {
		SCOPE(tmp, p->out) {
			struct err err;

			if (trials(tmp, p, &p->order, send_line, &fd, &err) != 0)
				_exit(1);
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
	for (size_t i = 0; i < n; ) {
		SCOPE(tmp, p->out) {
			int rc;

			i += make_order(p, v + i, n - i, ORDER_MAX);
			rc = *stop ? 1 : trials(tmp, p, &p->order, done, ctx, err);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static int give(struct opt_pool *p, struct child *c, struct err *err)
{
	if (!send_all(c->fd, &p->order, sizeof(p->order)))
		return FAIL(err, E_IO, "a process that computed trials has ended");
	c->busy = p->order.n;
	return 0;
}

/* Reads what a child has; *ret_n: so many whole lines. */
static int take(struct child *c, opt_done_fn *done, void *ctx, size_t *ret_n,
		struct err *err)
{
	ssize_t k = read(c->fd, c->buf + c->n, LINE_MAX_BYTES - c->n);
	char *at = c->buf, *end;
	int rc = 0;

	*ret_n = 0;
	if (k < 0 && errno == EINTR)
		return 0;
	if (k <= 0)
		return FAIL(err, E_IO, "a process that computed trials has ended");
	c->n += (size_t)k;
	while (rc >= 0 && (end = memchr(at, '\n', c->n)) != NULL) {
		rc = done(ctx, at, (size_t)(end - at), err);
		c->n -= (size_t)(end - at) + 1;
		at = end + 1;
		c->busy--;
		(*ret_n)++;
	}
	memmove(c->buf, at, c->n);
	if (c->n == LINE_MAX_BYTES)
		return FAIL(err, E_BUG, "a trial's line has no end");
	return rc;
}

int opt_pool_run(struct opt_pool *p, const struct opt_job *v, size_t n,
		 const volatile int *stop, opt_done_fn *done, void *ctx,
		 struct err *err)
{
	struct pollfd fds[JOBS_MAX];
	size_t next = 0, left = n, lines;
	int rc;

	if (p->n == 0)
		return serial(p, v, n, stop, done, ctx, err);
	while (left > 0) {
		for (size_t i = 0; i < p->n; i++) {
			if (p->v[i].busy == 0 && next < n) {
				/* Some for all, and some left for who is quick. */
				next += make_order(p, v + next, n - next,
						   1 + (n - next) / (2 * p->n));
				if ((rc = give(p, &p->v[i], err)) < 0)
					return rc;
			}
			fds[i] = (struct pollfd){ .fd = p->v[i].fd, .events = POLLIN };
		}
		if (poll(fds, p->n, 1000) < 0 && errno != EINTR)
			return FAIL(err, E_IO, "poll: %s", strerror(errno));
		if (*stop)
			return 1;
		for (size_t i = 0; i < p->n; i++) {
			if (fds[i].revents == 0)
				continue;
			rc = take(&p->v[i], done, ctx, &lines, err);
			if (rc < 0)
				return rc;
			left -= lines;
		}
	}
	return 0;
}
