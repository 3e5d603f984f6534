#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/array.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/sha256.h"
#include "db/db.h"
#include "ml/mem.h"
#include "ml/shelf.h"
#include "proc/board.h"

#define HELD_MAX	32		/* files mapped by the shelf itself */
#define ROWS_MAX	64
#define MEMORY		((size_t)1 << 30)	/* files under way included */
#define SUFFIX		".safetensors"
#define UNUSED_MS	(7 * INT64_C(86400000))

struct row {
	uint64_t asked, generation;
	int64_t at_ns, used;
	struct arena *arena;
	struct model m;
};
struct held {
	char sum[ML_HASH_HEX + 1];
	int64_t used;
	struct arena *arena;		/* NULL: the place is free */
	const struct ml_model *model;
	struct ml_eye *eye;
};
struct ml_shelf {
	struct arena *arena;
	const char *dir;
	int64_t clock;			/* of uses */
	struct row rows[ROWS_MAX];
	struct held held[HELD_MAX];
};

static void drop(void *arena)
{
	struct arena *a = arena;

	arena_free(&a);
}

struct ml_shelf *ml_shelf_new(struct arena *out, const char *dir)
{
	struct ml_shelf *s = NEW(out, struct ml_shelf);

	s->arena = arena_new("models", MEMORY);
	arena_defer(out, drop, s->arena);
	s->dir = arena_strdup(out, dir);
	return s;
}

void model_count_refusal(enum model_refusal why)
{
	switch (why) {
	case REFUSED_MISSING:
		board_inc(BC_ML_MISSING);
		break;
	case REFUSED_STALE:
		board_inc(BC_ML_STALE);
		break;
	case REFUSED_FEATURES:
		board_inc(BC_ML_FEATURES);
		break;
	case REFUSED_BROKEN:
		board_inc(BC_ML_BROKEN);
		break;
	}
}

/* ---- which model an id stands for ------------------------------------------- */

static const char *copy(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_strdup(a, s);
}

static void keep(struct row *to, const struct model *m)
{
	struct arena *a = to->arena;

	to->m = *m;
	to->m.name = copy(a, m->name);
	to->m.notes = "";
	to->m.kind = copy(a, m->kind);
	to->m.exchange = copy(a, m->exchange);
	to->m.symbol = copy(a, m->symbol);
	to->m.spec = copy(a, m->spec);
	to->m.error = copy(a, m->error);
	to->m.checksum = copy(a, m->checksum);
	to->m.feature_hash = copy(a, m->feature_hash);
	to->m.metrics = NULL;
	to->m.verdict = copy(a, m->verdict);
}

static int resolve(struct arena *tmp, struct db *db, uint64_t id,
		   struct model *ret, struct err *err)
{
	struct model now;
	struct err none;
	int rc = model_get(tmp, db, id, ret, err);

	if (rc < 0 || ret->state != MODEL_RETIRED)
		return rc;
	rc = model_active(tmp, db, ret->user_id, ret->name, &now, &none);
	if (rc == 0)
		*ret = now;
	else if (rc != -E_NOTFOUND)
		*err = none;
	return rc == -E_NOTFOUND ? 0 : rc;
}

/* The one of this id, or the one that was not used for longest. */
static struct row *row_for(struct ml_shelf *s, uint64_t id)
{
	struct row *r = &s->rows[0];

	for (size_t i = 0; i < ROWS_MAX; i++) {
		if (s->rows[i].asked == id)
			return &s->rows[i];
		if (s->rows[i].used < r->used)
			r = &s->rows[i];
	}
	return r;
}

int ml_shelf_row(struct ml_shelf *s, struct db *db, uint64_t id,
		 const struct model **ret, struct err *err)
{
	uint64_t generation = board_generation(GEN_MODELS);
	int64_t now = clock_mono_ns();
	struct row *r = row_for(s, id);
	int rc;

	if (r->asked != id || r->generation != generation ||
	    now - r->at_ns > SHELF_TRUST_MS * 1000000LL) {
		if (r->arena == NULL)
			r->arena = arena_push(s->arena, "row");
		r->asked = 0;
		arena_reset(r->arena);
		SCOPE(tmp, s->arena) {
			struct model m;

			rc = resolve(tmp, db, id, &m, err);
			if (rc < 0)
				return rc;
			keep(r, &m);
		}
		r->asked = id;
		r->generation = generation;
		r->at_ns = now;
	}
	r->used = ++s->clock;
	*ret = &r->m;
	return 0;
}

int model_usable(const struct model *m, int64_t now_ms, int64_t max_age_ms,
		 enum model_refusal *ret_why, struct err *err)
{
	*ret_why = REFUSED_MISSING;
	switch (m->state) {
	case MODEL_ACTIVE:
	case MODEL_CANDIDATE:
		break;
	case MODEL_RETIRED:
		return FAIL(err, E_CONFLICT, "the model \"%s\" (%" PRIu64 ") is "
			    "retired, and no other of its name is in use",
			    m->name, m->id);
	case MODEL_QUEUED:
	case MODEL_TRAINING:
	case MODEL_FAILED:
	case MODEL_CANCELLED:
		return FAIL(err, E_CONFLICT, "the model \"%s\" (%" PRIu64 ") is not "
			    "trained: it is %s", m->name, m->id,
			    model_state_name(m->state));
	}
	if (max_age_ms <= 0 || now_ms - m->trained <= max_age_ms)
		return 0;
	*ret_why = REFUSED_STALE;
	return FAIL(err, E_CONFLICT, "the model \"%s\" (%" PRIu64 ") is stale: it was "
		    "trained %" PRId64 " days ago, %" PRId64 " are allowed", m->name,
		    m->id, (now_ms - m->trained) / 86400000, max_age_ms / 86400000);
}

/* ---- files ------------------------------------------------------------------------ */

static void path_of(const struct ml_shelf *s, const char *sum,
		    char ret[static PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/%s%s", s->dir, sum, SUFFIX);
}

static int fetch(struct ml_shelf *s, struct db *db, const struct model *m,
		 const char *path, struct err *err)
{
	char sum[ML_HASH_HEX + 1];

	if (mkdir(s->dir, 0750) < 0 && errno != EEXIST)
		return FAIL(err, E_IO, "make directory %s: %s", s->dir,
			    strerror(errno));
	SCOPE(tmp, s->arena) {
		struct str bytes;
		int rc = model_file(tmp, db, m, &bytes, err);

		if (rc < 0)
			return rc;
		sha256_hex(bytes.p, bytes.n, sum);
		if (strcmp(sum, m->checksum) != 0)
			return FAIL(err, E_CONFLICT, "the file of the model \"%s\" "
				    "(%" PRIu64 ") is broken: its checksum is "
				    "another one", m->name, m->id);
		rc = ml_file_save(path, bytes.p, bytes.n, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

struct mapping { void *p; size_t n; };

static void unmap(void *ptr)
{
	struct mapping *m = ptr;

	munmap(m->p, m->n);
}

/* 0, or why it is not the file that is wanted; -E_NOTFOUND: it is not there. */
static int map(struct arena *out, const char *path, const struct model *m,
	       struct str *ret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct mapping *k = NEW(out, struct mapping);
	char sum[ML_HASH_HEX + 1];
	struct stat st;
	void *p;

	if (fd < 0)
		return FAIL(err, errno == ENOENT ? E_NOTFOUND : E_IO, "open %s: %s",
			    path, strerror(errno));
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != m->size) {
		close(fd);
		return FAIL(err, E_INVAL, "%s has another size", path);
	}
	p = mmap(NULL, m->size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return FAIL(err, E_IO, "map %s: %s", path, strerror(errno));
	*k = (struct mapping){ p, m->size };
	arena_defer(out, unmap, k);
	sha256_hex(p, m->size, sum);
	if (strcmp(sum, m->checksum) != 0)
		return FAIL(err, E_INVAL, "%s has another checksum", path);
	*ret = str_n(p, m->size);
	return 0;
}

/* The weights as the program understands them, or a refusal by name. */
static int understand(struct arena *out, const struct model *m, struct str bytes,
		      const struct ml_model **ret, enum model_refusal *ret_why,
		      struct err *err)
{
	struct ml_model *k;
	struct err why;
	int rc = ml_model_parse(out, bytes.p, bytes.n, &k, &why);

	if (rc == 0) {
		*ret = k;
		return 0;
	}
	*ret_why = rc == -E_UNPROCESSABLE ? REFUSED_FEATURES : REFUSED_BROKEN;
	return FAIL(err, E_CONFLICT, "the model \"%s\" (%" PRIu64 ") %s: %.120s",
		    m->name, m->id, rc == -E_UNPROCESSABLE ?
		    "was made for other features" : "is broken", why.msg);
}

int ml_shelf_open(struct arena *out, struct ml_shelf *s, struct db *db,
		  const struct model *m, const struct ml_model **ret,
		  enum model_refusal *ret_why, struct err *err)
{
	char path[PATH_MAX];
	struct str bytes;
	int rc;

	*ret_why = REFUSED_BROKEN;
	if (m->checksum == NULL)
		return FAIL(err, E_CONFLICT, "the model \"%s\" (%" PRIu64 ") has no "
			    "file", m->name, m->id);
	path_of(s, m->checksum, path);
	rc = map(out, path, m, &bytes, err);
	if (rc < 0) {
		if (rc != -E_NOTFOUND) {
			log_warn(NULL, "model %" PRIu64 ": %s; it is fetched again",
				 m->id, err->msg);
			(void)unlink(path);
		}
		rc = fetch(s, db, m, path, err);
		if (rc == 0)
			rc = map(out, path, m, &bytes, err);
	}
	return rc < 0 ? rc : understand(out, m, bytes, ret, ret_why, err);
}

/* ---- what the shelf holds itself ------------------------------------------------- */

static void count(void)
{
	board_slot_gauge_set(BS_ML_ARENA, (int64_t)ml_arena_bytes());
	board_slot_gauge_set(BS_ML_TENSORS, (int64_t)ml_tensors_live());
}

static struct held *held_for(struct ml_shelf *s, const char *sum)
{
	struct held *h = &s->held[0];

	for (size_t i = 0; i < HELD_MAX; i++) {
		if (strcmp(s->held[i].sum, sum) == 0)
			return &s->held[i];
		if (s->held[i].used < h->used)
			h = &s->held[i];
	}
	return h;
}

int ml_shelf_get(struct ml_shelf *s, struct db *db, const struct model *m,
		 const struct ml_model **ret, struct ml_eye **ret_eye,
		 enum model_refusal *ret_why, struct err *err)
{
	struct held *h = held_for(s, m->checksum != NULL ? m->checksum : "-");
	int rc = 0;

	if (h->arena == NULL || m->checksum == NULL ||
	    strcmp(h->sum, m->checksum) != 0) {
		if (h->arena != NULL)
			arena_free(&h->arena);
		memset(h, 0, sizeof(*h));
		h->arena = arena_push(s->arena, "model");
		rc = ml_shelf_open(h->arena, s, db, m, &h->model, ret_why, err);
		if (rc == 0)
			rc = ml_eye_new(h->arena, h->model, 0, &h->eye, err);
		if (rc == -E_UNPROCESSABLE || rc == -E_INVAL) {
			*ret_why = REFUSED_FEATURES;
			err->code = E_CONFLICT;
			rc = -E_CONFLICT;
		}
		if (rc < 0) {
			arena_free(&h->arena);
			memset(h, 0, sizeof(*h));
			return rc;
		}
		snprintf(h->sum, sizeof(h->sum), "%s", m->checksum);
		count();
	}
	h->used = ++s->clock;
	*ret = h->model;
	*ret_eye = h->eye;
	return 0;
}

/* ---- tidying ------------------------------------------------------------------------ */

static bool in_use(const struct model *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].checksum != NULL &&
		    strncmp(name, v[i].checksum, ML_HASH_HEX) == 0)
			return true;
	return false;
}

static void remove_old(DIR *d, const char *dir, const struct model *v, size_t n,
		       int64_t now_ms)
{
	const struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);
		char path[PATH_MAX];
		struct stat st;

		if (len != ML_HASH_HEX + sizeof(SUFFIX) - 1 ||
		    strcmp(e->d_name + ML_HASH_HEX, SUFFIX) != 0 ||
		    in_use(v, n, e->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (stat(path, &st) == 0 &&
		    now_ms - (int64_t)st.st_mtime * 1000 > UNUSED_MS)
			(void)unlink(path);
	}
}

int ml_shelf_tidy(const char *dir, struct db *db, int64_t now_ms, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("tidy", (size_t)64 << 20);
	ARRAY(struct model) all = { 0 };
	uint64_t after = 0;
	DIR *d;

	for (;;) {
		struct model *v;
		size_t n;
		int rc = model_all_active(tmp, db, after, &v, &n, err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i < n; i++)
			*array_push(tmp, &all) = v[i];
		if (n < 100)
			break;
		after = v[n - 1].id;
	}
	d = opendir(dir);
	if (d == NULL)
		return 0;		/* none was ever fetched here */
	remove_old(d, dir, all.v, all.n, now_ms);
	closedir(d);
	return 0;
}
