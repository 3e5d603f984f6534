#ifndef PROC_BOARD_H
#define PROC_BOARD_H
/* board.h - the scoreboard: one file mapping that every process of the host
 * shares, so that any of them can say how all of them fare.
 *
 * It holds slots (one per process), counters, gauges, histograms, the HTTP
 * figures by route, method and status, the rate-limit buckets and generation
 * numbers.  Everything is a relaxed atomic: nobody takes a lock, so a process
 * killed in the middle of an update leaves nothing behind that a later one
 * would wait for.
 *
 * A process opens it once (board_open) and attaches it; from then on the short
 * calls below reach it.  Without an attached board (unit tests, orchctl) they
 * do nothing.  The file belongs to one boot of the machine and one layout: a
 * file of another boot or layout is replaced by a fresh one. */
#include "core/err.h"
#include "proc/board_tables.h"

#define BOARD_SLOTS	256
#define BOARD_ROUTES	160
#define BOARD_TEMPLATE	72	/* bytes of a route template with its NUL */
#define BOARD_REQID	40

struct board;		/* private: board_i.h */
struct board_slot;

/* Opens (or makes, under a lock) the board at `path`; unmapped with `out`. */
struct arena;
MUST_CHECK int board_open(struct arena *out, const char *path,
			  struct board **ret, struct err *err);
void board_attach(struct board *b);	/* NULL: detach */
struct board *board_attached(void);
int64_t board_start_ms(const struct board *b);	/* when it was made */

/* ---- figures ---- */
enum board_counter {
#define X(id, name, labels, help) BC_##id,
	BOARD_COUNTERS(X)
#undef X
	BC__MAX
};
/* Summed over the processes that are alive; a process that dies takes its
 * share with it. */
enum board_slot_gauge {
#define X(id, name, labels, help) BS_##id,
	BOARD_SLOT_GAUGES(X)
#undef X
	BS__MAX
};
/* Said by whoever measured last: figures about the whole host. */
enum board_gauge {
#define X(id, name, labels, help) BG_##id,
	BOARD_GAUGES(X)
#undef X
	BG__MAX
};
enum board_hist {
#define X(id, name, labels, help) BH_##id,
	BOARD_HISTS(X)
#undef X
	BH__MAX
};
enum board_role {
#define X(id, name) ROLE_##id,
	BOARD_ROLES(X)
#undef X
	ROLE__MAX
};
/* Numbers that grow when something every process caches has changed. */
enum board_gen {
#define X(id, name) GEN_##id,
	BOARD_GENS(X)
#undef X
	GEN__MAX
};

void board_add(enum board_counter c, uint64_t n);
static inline void board_inc(enum board_counter c) { board_add(c, 1); }
uint64_t board_counter(enum board_counter c);
void board_gauge_set(enum board_gauge g, int64_t v);
int64_t board_gauge(enum board_gauge g);
void board_slot_gauge_set(enum board_slot_gauge g, int64_t v);	/* own slot */
int64_t board_slot_gauge_sum(enum board_slot_gauge g);
void board_observe(enum board_hist h, int64_t ns);
uint64_t board_generation(enum board_gen g);
void board_generation_bump(enum board_gen g);

/* Upper bounds of the histogram buckets, in nanoseconds; the last bucket is
 * +Inf and has none. */
#define BOARD_BUCKETS 16
extern const int64_t board_bounds_ns[BOARD_BUCKETS - 1];
struct hist_view {
	uint64_t bucket[BOARD_BUCKETS];		/* not cumulative */
	uint64_t count, sum_ns;
};
void board_hist(enum board_hist h, struct hist_view *ret);
/* The q-quantile (0..1) in seconds, linear within a bucket; 0 when empty. */
double hist_quantile(const struct hist_view *v, double q);

/* ---- HTTP by route ----
 * Route numbers are rows of the API's route table.  The supervisor registers
 * the templates before it forks; a number whose template changed starts again
 * from zero.  Route 0 is everything that met no route. */
enum http_method {
	HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE,
	HTTP_OPTIONS, HTTP_OTHER, HTTP_METHOD__MAX
};
const char *http_method_name(enum http_method m);
enum http_method http_method_parse(const char *s);
#define ROUTE_NONE 0
void board_route_set(struct board *b, unsigned route, const char *template);
const char *board_route(const struct board *b, unsigned route); /* or NULL */
void board_http(unsigned route, enum http_method m, int status, int64_t ns);
#define BOARD_CODES 26
extern const short board_codes[BOARD_CODES];	/* the last, 0, is "other" */
uint64_t board_http_count(const struct board *b, unsigned route,
			  enum http_method m, unsigned code_index);
void board_http_hist(const struct board *b, unsigned route,
		     struct hist_view *ret);

/* ---- slots ---- */
enum slot_state {
#define X(id, name) SLOT_##id,
	BOARD_SLOT_STATES(X)
#undef X
	SLOT__MAX
};
struct slot_view {
	enum slot_state state;
	enum board_role role;
	int pid, owner;			/* owner: its supervisor */
	int64_t started_ms;
	int64_t busy_since_ns;		/* clock_mono_ns(), 0: idle */
	uint64_t served;		/* requests, ticks, jobs */
	int64_t beat_ns;		/* last sign of life */
	unsigned route;
	char reqid[BOARD_REQID];
};
/* A free slot for a process to come, or NULL when all are taken. */
struct board_slot *slot_take(struct board *b, enum board_role role, int owner);
void slot_start(struct board_slot *s, int pid);		/* by the process */
void slot_ready(struct board_slot *s);
void slot_busy(struct board_slot *s, unsigned route, const char *reqid);
void slot_route(struct board_slot *s, unsigned route);
void slot_idle(struct board_slot *s);		/* served one more */
void slot_unbusy(struct board_slot *s);		/* nothing came after all */
void slot_beat(struct board_slot *s);		/* still alive */
void slot_drain(struct board_slot *s);
void slot_free(struct board_slot *s);		/* by the supervisor */
void slot_attach(struct board_slot *s);		/* whose gauges are set here */
unsigned slot_number(const struct board *b, const struct board_slot *s);
struct board_slot *slot_at(struct board *b, unsigned number);	/* or NULL */
void slot_view(const struct board_slot *s, struct slot_view *ret);
/* for (unsigned i = 0; board_slot_next(b, &i, &v); ) : those in use */
bool board_slot_next(const struct board *b, unsigned *i, struct slot_view *ret);
/* Slots whose owner is gone become free; returns how many. */
unsigned board_reap(struct board *b);
void board_restarted(struct board *b, enum board_role role);
uint64_t board_restarts(const struct board *b, enum board_role role);
/* CPU time of processes that have ended, kept so that the sum never falls. */
void board_cpu_add(struct board *b, enum board_role role, uint64_t us);
uint64_t board_cpu_us(const struct board *b, enum board_role role);
const char *role_name(enum board_role r);
const char *slot_state_name(enum slot_state s);

/* ---- rate limits ----
 * A token bucket per key, held as the time at which it will be full again
 * (GCRA): one word, changed by compare-and-swap.  The table is of fixed size;
 * eight keys share a cache line, and a new key replaces the bucket that is
 * nearest to full.  Keys are hashed with a secret of the board. */
enum rate_scope {
	RATE_USER, RATE_ADDRESS, RATE_LOGIN,
	RATE_LOG,		/* what browsers report */
};
struct rate_verdict {
	bool allowed;
	unsigned limit, remaining;	/* tokens: capacity, left */
	int64_t reset_ms;		/* until the bucket is full */
	int64_t retry_ms;		/* until one token is there; 0: is there */
};
uint64_t rate_key_user(const struct board *b, enum rate_scope s, uint64_t user);
/* Text of an address; IPv6 counts by its /64, IPv4-mapped as IPv4. */
uint64_t rate_key_address(const struct board *b, enum rate_scope s,
			  const char *address);
/* Takes one token of a bucket that holds `burst` and gains `per_minute`.
 * now_ns from clock_mono_ns().  Without a board everything is allowed. */
void rate_take(struct board *b, uint64_t key, unsigned per_minute,
	       unsigned burst, int64_t now_ns, struct rate_verdict *ret);

#endif /* PROC_BOARD_H */
