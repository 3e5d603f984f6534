#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/rand.h"
#include "proc/board_i.h"
#include "proc/proc.h"

/* The one mapping of this process and its own slot in it: what every short
 * call below writes to.  Set at start and after fork, never during work. */
static struct board *the_board;
static struct board_slot *the_slot;

uint32_t board_layout(void)
{
	static const char names[] =
#define X(id, name, labels, help) name labels ";"
		BOARD_COUNTERS(X) BOARD_SLOT_GAUGES(X) BOARD_GAUGES(X)
		BOARD_HISTS(X)
#undef X
#define X(id, name) name ";"
		BOARD_ROLES(X) BOARD_GENS(X) BOARD_SLOT_STATES(X);
#undef X
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < sizeof(names); i++)
		h = (h ^ (unsigned char)names[i]) * 16777619u;
	return h ^ (uint32_t)sizeof(struct board);
}

static void boot_id(char buf[static 40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, 36) : 0;

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
}

static bool board_fits(const struct board *b)
{
	char id[40];

	boot_id(id);
	return b->magic == BOARD_MAGIC && b->layout == board_layout() &&
	       b->ready && strcmp(b->boot_id, id) == 0;
}

static void board_make(struct board *b)
{
	b->magic = BOARD_MAGIC;
	b->layout = board_layout();
	rand_secret(&b->secret, sizeof(b->secret));
	boot_id(b->boot_id);
	b->start_ms = clock_ms(&clock_real);
	b->start_ns = clock_mono_ns();
	b->n_routes = 1;
	memcpy(b->route_name[0], "(none)", 7);
	b->ready = 1;
}

static void board_unmap(void *ptr)
{
	if (the_board == ptr)
		board_attach(NULL);
	munmap(ptr, sizeof(struct board));
}

/* An old board that does not fit is unlinked, not overwritten: a program of
 * the last version may still be writing to it. */
static int board_map(int *fd, const char *path, struct board **ret,
		     struct err *err)
{
	struct stat st;
	struct board *b;

	if (fstat(*fd, &st) < 0)
		return FAIL(err, E_IO, "stat %s: %s", path, strerror(errno));
	if (st.st_size != 0 && st.st_size != (off_t)sizeof(*b))
		return 0;
	if (ftruncate(*fd, sizeof(*b)) < 0)
		return FAIL(err, E_IO, "size %s: %s", path, strerror(errno));
	b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (b == MAP_FAILED)
		return FAIL(err, E_IO, "map %s: %s", path, strerror(errno));
	if (st.st_size == 0)
		board_make(b);
	if (!board_fits(b)) {
		munmap(b, sizeof(*b));
		return 0;
	}
	*ret = b;
	return 0;
}

static int board_open_locked(const char *path, struct board **ret,
			     struct err *err)
{
	struct board *b = NULL;

	for (int attempt = 0; attempt < 2 && b == NULL; attempt++) {
		int rc, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC |
				  O_NOFOLLOW, 0600);

		if (fd < 0)
			return FAIL(err, E_IO, "open %s: %s", path,
				    strerror(errno));
		rc = board_map(&fd, path, &b, err);
		close(fd);
		if (rc < 0)
			return rc;
		if (b == NULL && unlink(path) < 0)
			return FAIL(err, E_IO, "replace %s: %s", path,
				    strerror(errno));
	}
	if (b == NULL)
		return FAIL(err, E_BUG, "%s does not fit after it was made",
			    path);
	*ret = b;
	return 0;
}

int board_open(struct arena *out, const char *path, struct board **ret,
	       struct err *err)
{
	int rc = 0, lock;

	/* The lock is a file of its own, since the board may be replaced. */
	SCOPE(tmp, out) {
		const char *name = arena_printf(tmp, "%s.lock", path);

		lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			    0600);
		if (lock < 0)
			return FAIL(err, E_IO, "open %s: %s", name,
				    strerror(errno));
	}
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR) {
			rc = FAIL(err, E_IO, "lock %s: %s", path,
				  strerror(errno));
			break;
		}
	if (rc == 0)
		rc = board_open_locked(path, ret, err);
	close(lock);
	if (rc < 0)
		return rc;
	arena_defer(out, board_unmap, *ret);
	return 0;
}

void board_attach(struct board *b)
{
	the_board = b;
	the_slot = NULL;
}

struct board *board_attached(void)
{
	return the_board;
}

int64_t board_start_ms(const struct board *b)
{
	return b->start_ms;
}

static void relaxed_add(acount *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static uint64_t relaxed(const acount *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

void board_add(enum board_counter c, uint64_t n)
{
	if (the_board != NULL)
		relaxed_add(&the_board->counter[c], n);
}

uint64_t board_counter(enum board_counter c)
{
	return the_board != NULL ? relaxed(&the_board->counter[c]) : 0;
}

void board_gauge_set(enum board_gauge g, int64_t v)
{
	if (the_board != NULL)
		the_board->gauge[g] = v;
}

int64_t board_gauge(enum board_gauge g)
{
	return the_board != NULL ? the_board->gauge[g] : 0;
}

void slot_attach(struct board_slot *s)
{
	the_slot = s;
}

void board_slot_gauge_set(enum board_slot_gauge g, int64_t v)
{
	if (the_slot != NULL)
		the_slot->gauge[g] = v;
}

int64_t board_slot_gauge_sum(enum board_slot_gauge g)
{
	int64_t sum = 0;

	if (the_board == NULL)
		return 0;
	for (unsigned i = 0; i < BOARD_SLOTS; i++)
		if (the_board->slot[i].owner != 0)
			sum += the_board->slot[i].gauge[g];
	return sum;
}

uint64_t board_generation(enum board_gen g)
{
	return the_board != NULL ? relaxed(&the_board->gen[g]) : 0;
}

void board_generation_bump(enum board_gen g)
{
	if (the_board != NULL)
		relaxed_add(&the_board->gen[g], 1);
}

void board_restarted(struct board *b, enum board_role role)
{
	relaxed_add(&b->restarts[role], 1);
}

uint64_t board_restarts(const struct board *b, enum board_role role)
{
	return relaxed(&b->restarts[role]);
}

void board_cpu_add(struct board *b, enum board_role role, uint64_t us)
{
	relaxed_add(&b->cpu_us[role], us);
}

uint64_t board_cpu_us(const struct board *b, enum board_role role)
{
	return relaxed(&b->cpu_us[role]);
}

const char *role_name(enum board_role r)
{
	static const char *const names[] = {
#define X(id, name) name,
		BOARD_ROLES(X)
#undef X
	};

	return (unsigned)r < ROLE__MAX ? names[r] : "?";
}

const char *slot_state_name(enum slot_state s)
{
	static const char *const names[] = {
#define X(id, name) name,
		BOARD_SLOT_STATES(X)
#undef X
	};

	return (unsigned)s < SLOT__MAX ? names[s] : "?";
}

/* ---- slots ---- */
#define PID_BITS 22

static uint64_t owner_word(int pid)
{
	return proc_start_ticks(pid) << PID_BITS | (uint64_t)pid;
}

static int owner_pid(uint64_t word)
{
	return (int)(word & ((1u << PID_BITS) - 1));
}

struct board_slot *slot_take(struct board *b, enum board_role role, int owner)
{
	uint64_t word = owner_word(owner);

	for (unsigned i = 0; i < BOARD_SLOTS; i++) {
		struct board_slot *s = &b->slot[i];
		uint64_t none = 0;

		if (!atomic_compare_exchange_strong(&s->owner, &none, word))
			continue;
		s->pid = 0;
		s->state = SLOT_STARTING;
		s->role = (int)role;
		s->started_ms = clock_ms(&clock_real);
		s->busy_since_ns = 0;
		s->beat_ns = clock_mono_ns();
		s->served = 0;
		s->route = ROUTE_NONE;
		for (unsigned g = 0; g < BS__MAX; g++)
			s->gauge[g] = 0;
		return s;
	}
	return NULL;
}

void slot_start(struct board_slot *s, int pid)
{
	s->pid = pid;
	s->started_ms = clock_ms(&clock_real);
}

void slot_ready(struct board_slot *s)
{
	s->beat_ns = clock_mono_ns();
	s->state = SLOT_IDLE;
}

void slot_busy(struct board_slot *s, unsigned route, const char *reqid)
{
	uint64_t id[BOARD_REQID / 8] = { 0 };
	int64_t now = clock_mono_ns();

	if (reqid != NULL)
		memcpy(id, reqid, strnlen(reqid, BOARD_REQID - 1));
	for (unsigned i = 0; i < ARRAY_LEN(id); i++)
		atomic_store_explicit(&s->reqid[i], id[i],
				      memory_order_relaxed);
	atomic_store_explicit(&s->route, route, memory_order_relaxed);
	atomic_store_explicit(&s->beat_ns, now, memory_order_relaxed);
	atomic_store_explicit(&s->state, SLOT_BUSY, memory_order_relaxed);
	atomic_store_explicit(&s->busy_since_ns, now, memory_order_release);
}

void slot_route(struct board_slot *s, unsigned route)
{
	atomic_store_explicit(&s->route, route, memory_order_relaxed);
}

void slot_unbusy(struct board_slot *s)
{
	atomic_store_explicit(&s->busy_since_ns, 0, memory_order_release);
	atomic_store_explicit(&s->beat_ns, clock_mono_ns(),
			      memory_order_relaxed);
	if (atomic_load_explicit(&s->state, memory_order_relaxed) == SLOT_BUSY)
		atomic_store_explicit(&s->state, SLOT_IDLE,
				      memory_order_relaxed);
}

void slot_idle(struct board_slot *s)
{
	slot_unbusy(s);
	relaxed_add(&s->served, 1);
}

void slot_beat(struct board_slot *s)
{
	atomic_store_explicit(&s->beat_ns, clock_mono_ns(),
			      memory_order_relaxed);
}

void slot_drain(struct board_slot *s)
{
	s->state = SLOT_DRAINING;
}

void slot_free(struct board_slot *s)
{
	s->state = SLOT_FREE;
	s->pid = 0;
	s->busy_since_ns = 0;
	for (unsigned g = 0; g < BS__MAX; g++)
		s->gauge[g] = 0;
	s->owner = 0;
}

void slot_view(const struct board_slot *s, struct slot_view *ret)
{
	uint64_t id[BOARD_REQID / 8];

	*ret = (struct slot_view){
		.state = (enum slot_state)s->state,
		.role = (enum board_role)s->role,
		.pid = s->pid,
		.owner = owner_pid(s->owner),
		.started_ms = s->started_ms,
		.busy_since_ns = s->busy_since_ns,
		.served = s->served,
		.beat_ns = s->beat_ns,
		.route = s->route,
	};
	for (unsigned i = 0; i < ARRAY_LEN(id); i++)
		id[i] = s->reqid[i];
	memcpy(ret->reqid, id, sizeof(ret->reqid));
	ret->reqid[sizeof(ret->reqid) - 1] = '\0';
}

unsigned slot_number(const struct board *b, const struct board_slot *s)
{
	return (unsigned)(s - b->slot);
}

struct board_slot *slot_at(struct board *b, unsigned number)
{
	return number < BOARD_SLOTS ? &b->slot[number] : NULL;
}

bool board_slot_next(const struct board *b, unsigned *i, struct slot_view *ret)
{
	while (*i < BOARD_SLOTS) {
		slot_view(&b->slot[(*i)++], ret);
		if (ret->owner != 0 && ret->state != SLOT_FREE)
			return true;
	}
	return false;
}

unsigned board_reap(struct board *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BOARD_SLOTS; i++) {
		struct board_slot *s = &b->slot[i];
		uint64_t word = s->owner;

		if (word == 0 || owner_word(owner_pid(word)) == word)
			continue;
		/* Its children may drain for a while yet; they only write to
		 * the slot's figures, which the next owner sets anew. */
		slot_free(s);
		n++;
	}
	return n;
}

uint64_t proc_start_ticks(int pid)
{
	char path[32], buf[1024];
	const char *p;
	uint64_t v = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	/* The name stands in parentheses and may hold anything. */
	p = strrchr(buf, ')');
	for (int field = 2; p != NULL && field < 22; field++)
		p = strchr(p + 1, ' ');
	for (p = p != NULL ? p + 1 : ""; *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	return v;
}
