#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "xchg/quotes.h"

#define QUOTES_MAGIC 0x51554f5445303031u
#define TRIES_FREE 50
/* Then the writer is given the processor, for some 40 ms in all: one that died
 * half way is not waited for longer. */
#define TRIES_MAX 450
#define PAUSE_NS 50000

struct quote_slot {
	uint64_t market_id;	/* 0: free; set once */
	uint32_t seq;		/* odd while it is being written */
	bool has_book;
	struct ticker ticker;
	struct book book;
};

struct quote_file {
	uint64_t magic, layout;
	struct quote_slot slots[QUOTES_MAX];
};

struct quotes { struct quote_file *f; };

bool ticker_change(const struct ticker *t, double *ret)
{
	double open = price_to_double(t->open_24h);

	if (price_sign(t->open_24h) <= 0)
		return false;
	*ret = (price_to_double(t->last) - open) / open;
	return true;
}

/* ---- the file ---- */

static uint64_t layout(void)
{
	return sizeof(struct quote_file) * 1000003u + sizeof(struct quote_slot) +
		offsetof(struct quote_slot, book);
}

static void unmap(void *p)
{
	munmap(p, sizeof(struct quote_file));
}

static void close_fd(void *p)
{
	close(*(int *)p);
}

static int sys(struct err *err, const char *what, const char *path)
{
	return FAIL(err, E_IO, "%s %s: %s", what, path, strerror(errno));
}

static bool fits(int fd)
{
	struct stat st;
	uint64_t head[2];

	return fstat(fd, &st) == 0 &&
		st.st_size == (off_t)sizeof(struct quote_file) &&
		pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
		head[0] == QUOTES_MAGIC && head[1] == layout();
}

/* A new file is made beside it and moved there, so that nobody ever sees a
 * half of one; those who have the old one mapped keep it. */
static int make_file(struct arena *tmp, const char *path, struct err *err)
{
	const char *fresh = arena_printf(tmp, "%s.%d", path, (int)getpid());
	const uint64_t head[2] = { QUOTES_MAGIC, layout() };
	int *fd = NEW(tmp, int);

	*fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (*fd < 0)
		return sys(err, "create", fresh);
	arena_defer(tmp, close_fd, fd);
	if (ftruncate(*fd, (off_t)sizeof(struct quote_file)) < 0 ||
	    pwrite(*fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    rename(fresh, path) < 0) {
		int rc = sys(err, "write", fresh);

		unlink(fresh);
		return rc;
	}
	return 0;
}

static int map_file(struct arena *out, struct arena *tmp, const char *path,
		    struct quotes **ret, struct err *err)
{
	struct quotes *q = NEW(out, struct quotes);
	int *fd = NEW(tmp, int);
	void *p;

	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return sys(err, "open", path);
	arena_defer(tmp, close_fd, fd);
	if (!fits(*fd))
		return FAIL(err, E_IO, "%s: not the file of quotes", path);
	p = mmap(NULL, sizeof(struct quote_file), PROT_READ | PROT_WRITE,
		 MAP_SHARED, *fd, 0);
	if (p == MAP_FAILED)
		return sys(err, "map", path);
	arena_defer(out, unmap, p);
	q->f = p;
	*ret = q;
	return 0;
}

int quotes_open(struct arena *out, const char *run_dir, struct quotes **ret,
		struct err *err)
{
	SCOPE(tmp, out) {
		const char *path = arena_printf(tmp, "%s/quotes", run_dir);
		const char *lock = arena_printf(tmp, "%s/quotes.lock", run_dir);
		int *fd = NEW(tmp, int);
		int old, rc = 0;

		/* One process at a time looks and decides. */
		*fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		if (*fd < 0)
			return sys(err, "open", lock);
		arena_defer(tmp, close_fd, fd);
		if (flock(*fd, LOCK_EX) < 0)
			return sys(err, "lock", lock);
		old = open(path, O_RDWR | O_CLOEXEC);
		if (old < 0 || !fits(old))
			rc = make_file(tmp, path, err);
		if (old >= 0)
			close(old);
		return rc < 0 ? rc : map_file(out, tmp, path, ret, err);
	}
	return 0;
}

/* ---- slots ---- */

/* The slot of a market; with `claim` a free one is taken for it. */
static struct quote_slot *slot_of(struct quote_file *f, uint64_t id, bool claim)
{
	for (size_t k = 0; k < QUOTES_MAX; k++) {
		struct quote_slot *s = &f->slots[(id + k) % QUOTES_MAX];
		uint64_t got = __atomic_load_n(&s->market_id, __ATOMIC_ACQUIRE);

		if (got == 0 && claim &&
		    __atomic_compare_exchange_n(&s->market_id, &got, id, false,
						__ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return s;
		if (got == id)
			return s;
		if (got == 0)
			return NULL;
	}
	return NULL;
}

int quotes_put(struct quotes *q, uint64_t market_id, const struct ticker *t,
	       const struct book *b, struct err *err)
{
	struct quote_slot *s;
	uint32_t seq;

	assert(market_id > 0);
	s = slot_of(q->f, market_id, true);
	if (s == NULL)
		return FAIL(err, E_LIMIT, "more than %d markets have quotes",
			    QUOTES_MAX);
	/* Odd already: the last writer died in the middle. */
	seq = __atomic_load_n(&s->seq, __ATOMIC_RELAXED) | 1;
	__atomic_store_n(&s->seq, seq, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	s->ticker = *t;
	s->has_book = b != NULL;
	if (b != NULL)
		s->book = *b;
	__atomic_store_n(&s->seq, seq + 1, __ATOMIC_RELEASE);
	return 0;
}

bool quotes_get(const struct quotes *q, uint64_t market_id,
		struct ticker *ret_ticker, struct book *ret_book)
{
	const struct quote_slot *s = slot_of(q->f, market_id, false);
	const struct timespec nap = { .tv_nsec = PAUSE_NS };

	for (int i = 0; s != NULL && i < TRIES_MAX; i++) {
		uint32_t seq;
		struct ticker t;
		struct book b;
		bool has_book;

		/* Before the look at seq: what lies between two looks must be
		 * short, or the next quote falls into it. */
		if (i >= TRIES_FREE)
			nanosleep(&nap, NULL);
		seq = __atomic_load_n(&s->seq, __ATOMIC_ACQUIRE);
		t = s->ticker;
		has_book = s->has_book;
		if (seq == 0)
			return false;	/* claimed and not written yet */
		if (ret_book != NULL)
			b = s->book;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (seq % 2 != 0 ||
		    __atomic_load_n(&s->seq, __ATOMIC_RELAXED) != seq)
			continue;
		if (ret_book != NULL && !has_book)
			return false;
		if (ret_book != NULL)
			*ret_book = b;
		if (ret_ticker != NULL)
			*ret_ticker = t;
		return true;
	}
	return false;
}
