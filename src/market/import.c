#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/clock.h"
#include "market/import_i.h"
#include "market/market_i.h"

#define FILES_MAX 10000

void import_init(struct import *im, struct arena *out, enum tf tf,
		 const char *base, int64_t now)
{
	*im = (struct import){ .out = out, .tf = tf, .now = now };
	snprintf(im->base, sizeof(im->base), "%s", base);
}

void import_note(struct import *im, size_t file, uint32_t line, bool broken,
		 const char *what, struct str cell)
{
	struct import_note *n;

	im->broken += broken;
	/* Odd ones leave room for broken ones. */
	if (im->notes.n >= IMPORT_NOTES_MAX / (broken ? 1 : 2))
		return;
	n = array_push(im->out, &im->notes);
	*n = (struct import_note){ (uint16_t)file, line, broken, what, "" };
	for (size_t i = 0; i < cell.n && i + 1 < sizeof(n->cell); i++)
		n->cell[i] = cell.p[i] >= ' ' && cell.p[i] < 127 ?
			cell.p[i] : '?';
}

size_t import_source_add(struct import *im, const char *name, const char *format,
			 const char *unit, size_t room)
{
	struct import_source *s = array_push(im->out, &im->files);

	s->name = arena_strdup(im->out, name);
	s->format = format;
	s->unit = unit;
	s->rows = NEW_N(im->out, struct xcandle, room > 0 ? room : 1);
	return im->files.n - 1;
}

void import_step(struct import *im, size_t done, size_t of)
{
	/* Text may be longer than the file it was packed in. */
	double part = of > 0 ? (double)done / (double)of : 1;

	if (im->progress != NULL)
		im->progress(im->progress_ctx, im->bytes_done +
			     (uint64_t)(part * (double)im->bytes_now),
			     im->bytes_total);
}

/* ---- one row ---- */

/* "2020-08-01 03-PM", as CryptoDataDownload writes hours. */
static bool parse_half_day(struct str s, int64_t *ret)
{
	char date[11];
	int h;

	if (s.n != 16 || s.p[10] != ' ' || s.p[13] != '-' || s.p[15] != 'M' ||
	    (s.p[14] != 'A' && s.p[14] != 'P') || s.p[11] < '0' ||
	    s.p[11] > '1' || s.p[12] < '0' || s.p[12] > '9')
		return false;
	memcpy(date, s.p, 10);
	date[10] = '\0';
	h = (s.p[11] - '0') * 10 + s.p[12] - '0';
	/* 12-AM is the first hour, 12-PM the thirteenth. */
	if (h > 12 || strchr(date, '-') == NULL || !time_parse(ret, date))
		return false;
	*ret += (int64_t)(h % 12 + (s.p[14] == 'P' ? 12 : 0)) * 3600000;
	return true;
}

/* Seconds, ms, us or ns since 1970, told apart by their size: 1e11 seconds
 * are the year 5138, 1e11 ms are 1973. */
static enum dec_rc parse_time(struct str s, int64_t *ret)
{
	struct dec d;
	char text[TIME_TEXT_MAX];
	enum dec_rc rc = dec_parse(&d, s.p, s.n);
	int64_t scale, unit;
	uint64_t whole;

	if (rc == DEC_SYNTAX) {
		if (s.n >= sizeof(text) || s.n < 8)
			return DEC_SYNTAX;
		memcpy(text, s.p, s.n);
		text[s.n] = '\0';
		return time_parse(ret, text) || parse_half_day(s, ret) ?
			DEC_OK : DEC_SYNTAX;
	}
	if (rc != DEC_OK)
		return rc;
	scale = dec_pow10[d.d];
	whole = (uint64_t)(d.m < 0 ? -d.m : d.m) / (uint64_t)scale;
	if (whole < 100000000000u) {			/* seconds */
		if (d.d > 3)
			return DEC_DIGITS;
		*ret = d.m * (1000 / scale);
		return DEC_OK;
	}
	if (d.d > 0)
		return DEC_DIGITS;
	unit = whole < 100000000000000u ? 1 :
		whole < 100000000000000000u ? 1000 : 1000000;
	if (d.m % unit != 0)
		return DEC_DIGITS;
	*ret = d.m / unit;
	return DEC_OK;
}

static bool is_nothing(struct str s)
{
	return s.n == 0 || str_eq_nocase(s, STR("nan")) ||
		str_eq_nocase(s, STR("null")) || str_eq_nocase(s, STR("none")) ||
		str_eq_nocase(s, STR("inf")) || str_eq_nocase(s, STR("-inf"));
}

static const char *rc_text(enum dec_rc rc, struct str s)
{
	if (rc == DEC_DIGITS)
		return "too many digits";
	return is_nothing(s) ? "not a number" : "unreadable number";
}

static void keep(struct import *im, size_t file, const struct xcandle *x)
{
	struct import_source *s = &im->files.v[file];

	for (int k = X_O; k <= X_C; k++)
		if (x->d[k] > im->price_decimals)
			im->price_decimals = x->d[k];
	if (x->d[X_V] > im->volume_decimals)
		im->volume_decimals = x->d[X_V];
	s->rows[s->n++] = *x;
}

void import_row(struct import *im, size_t file, uint32_t line,
		const struct str cells[static CELL__N])
{
	struct xcandle x = { .file = (uint16_t)file, .line = line };
	const char *what;
	enum dec_rc rc = parse_time(cells[CELL_T], &x.t);

	if (rc != DEC_OK) {
		import_note(im, file, line, true, rc == DEC_DIGITS ?
			    "time is finer than a millisecond" :
			    "unreadable time", cells[CELL_T]);
		return;
	}
	for (int k = 0; k < X__N; k++) {
		struct str c = cells[CELL_O + k];
		struct dec d;
		bool rounded;

		rc = dec_parse_round(&d, c.p, c.n, &rounded);
		if (rc != DEC_OK) {
			import_note(im, file, line, true, rc_text(rc, c), c);
			return;
		}
		im->rounded += rounded;
		x.m[k] = d.m;
		x.d[k] = d.d;
	}
	/* The timeframe's own grid is looked at when all rows are there. */
	what = xcandle_check(&x, TF_1S);
	if (what != NULL)
		import_note(im, file, line, true, what, cells[CELL_T]);
	else
		keep(im, file, &x);
}

/* ---- formats ---- */

static bool starts(struct str s, const char *magic, size_t n)
{
	return s.n >= n && memcmp(s.p, magic, n) == 0;
}

static int import_zip(struct import *im, const char *name, struct str data,
		      struct err *err);

static int import_text(struct import *im, const char *name, struct str s,
		       struct err *err)
{
	size_t i = 0;

	if (starts(s, "\xef\xbb\xbf", 3))		/* UTF-8's mark */
		s = str_n(s.p + 3, s.n - 3);
	if (starts(s, "\xff\xfe", 2) || starts(s, "\xfe\xff", 2))
		return FAIL(err, E_MEDIA, "%s: UTF-16 text is not read; save it "
			    "as UTF-8", name);
	if (starts(s, "ARROW1", 6) || starts(s, "FEA1", 4))
		return FAIL(err, E_MEDIA, "%s: Feather files are not read; "
			    "convert with: freqtrade convert-data --format-from "
			    "feather --format-to jsongz", name);
	if (starts(s, "PAR1", 4) || starts(s, "\x89HDF", 4))
		return FAIL(err, E_MEDIA, "%s: Parquet and HDF5 files are not "
			    "read; convert to CSV", name);
	while (i < s.n && strchr(" \t\r\n", s.p[i]) != NULL && s.p[i] != '\0')
		i++;
	if (i == s.n)
		return FAIL(err, E_INVAL, "%s: the file is empty", name);
	if (memchr(s.p, '\0', s.n < 4096 ? s.n : 4096) != NULL)
		return FAIL(err, E_MEDIA, "%s: not a text file", name);
	return s.p[i] == '[' || s.p[i] == '{' ? import_json(im, name, s, err) :
		import_csv(im, name, s, err);
}

int import_bytes(struct import *im, const char *name, const void *data, size_t n,
		 struct err *err)
{
	struct str s = str_n(data, n), text;
	int rc;

	if (im->files.n >= FILES_MAX)
		return FAIL(err, E_TOOBIG, "more than %d files", FILES_MAX);
	if (starts(s, "PK\x03\x04", 4) || starts(s, "PK\x05\x06", 4))
		return import_zip(im, name, s, err);
	if (!starts(s, "\x1f\x8b", 2))
		return import_text(im, name, s, err);
	rc = gzip_unpack(im->out, s, &text, err);
	if (rc < 0) {
		err_wrap(err, "%s", name);
		return rc;
	}
	return import_text(im, name, text, err);
}

static int import_zip(struct import *im, const char *name, struct str data,
		      struct err *err)
{
	struct zip_entry *e;
	size_t n, used = 0;
	int rc = zip_unpack(im->out, data, &e, &n, err);

	if (rc < 0) {
		err_wrap(err, "%s", name);
		return rc;
	}
	for (size_t i = 0; i < n; i++) {
		const char *inner;

		if (!str_ends(str_c(e[i].name), ".csv"))
			continue;
		if (im->files.n >= FILES_MAX)
			return FAIL(err, E_TOOBIG, "more than %d files",
				    FILES_MAX);
		inner = arena_printf(im->out, "%s:%s", name, e[i].name);
		rc = import_text(im, inner, e[i].data, err);
		if (rc < 0)
			return rc;
		used++;
	}
	if (used == 0)
		return FAIL(err, E_MEDIA, "%s: there is no CSV file in this "
			    "archive", name);
	return 0;
}

static void close_fd(void *p)
{
	close(*(int *)p);
}

static int read_file(struct arena *out, int fd, const char *path, struct str *ret,
		     struct err *err)
{
	struct stat st;
	size_t used = 0, size;
	char *buf;

	if (fstat(fd, &st) < 0)
		return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return FAIL(err, E_IO, "%s: is a directory", path);
	if (!S_ISREG(st.st_mode))
		return FAIL(err, E_IO, "%s: not a regular file", path);
	if ((uint64_t)st.st_size > IMPORT_FILE_MAX)
		return FAIL(err, E_TOOBIG, "%s: larger than 2 GiB", path);
	size = (size_t)st.st_size;
	buf = NEW_N(out, char, size + 1);
	while (used < size) {
		ssize_t k = read(fd, buf + used, size - used);

		if (k < 0 && errno != EINTR)
			return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
		if (k == 0)
			break;
		used += k > 0 ? (size_t)k : 0;
	}
	*ret = str_n(buf, used);
	return 0;
}

int import_file(struct import *im, const char *path, struct err *err)
{
	int rc = 0;

	/* The text dies here; the rows live in im->out. */
	SCOPE(tmp, im->out) {
		struct str data = { "", 0 };
		int *fd = NEW(tmp, int);

		*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (*fd < 0)
			return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
		arena_defer(tmp, close_fd, fd);
		rc = read_file(tmp, *fd, path, &data, err);
		if (rc < 0)
			return rc;
		im->bytes_now = data.n;
		rc = import_bytes(im, path, data.p, data.n, err);
		im->bytes_done += data.n;
	}
	return rc;
}

/* ---- all rows together ---- */

static int by_time(const void *va, const void *vb)
{
	const struct xcandle *a = va, *b = vb;

	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

/* Which way a source goes; rows against its way are broken. */
static void set_order(struct import *im, size_t file)
{
	struct import_source *s = &im->files.v[file];
	size_t up = 0, down = 0, kept = 1;

	for (size_t i = 1; i < s->n; i++) {
		up += s->rows[i].t > s->rows[i - 1].t;
		down += s->rows[i].t < s->rows[i - 1].t;
	}
	s->newest_first = down > up;
	for (size_t i = 1; i < s->n; i++) {
		const struct xcandle *x = &s->rows[i], *last =
			&s->rows[kept - 1];

		if (s->newest_first ? x->t > last->t : x->t < last->t)
			import_note(im, file, x->line, true,
				    "out of order", str_n("", 0));
		else
			s->rows[kept++] = *x;
	}
	s->n = s->n > 0 ? kept : 0;
	for (size_t i = 0; s->newest_first && i < s->n / 2; i++) {
		struct xcandle x = s->rows[i];

		s->rows[i] = s->rows[s->n - 1 - i];
		s->rows[s->n - 1 - i] = x;
	}
}

static void gather(struct import *im)
{
	bool sorted = true;

	im->n = 0;
	for (size_t f = 0; f < im->files.n; f++) {
		set_order(im, f);
		im->n += im->files.v[f].n;
	}
	if (im->files.n == 1) {
		im->rows = im->files.v[0].rows;
		return;
	}
	im->rows = NEW_N(im->out, struct xcandle, im->n > 0 ? im->n : 1);
	im->n = 0;
	for (size_t f = 0; f < im->files.n; f++) {
		const struct import_source *s = &im->files.v[f];

		if (s->n == 0)
			continue;
		if (im->n > 0 && s->rows[0].t <= im->rows[im->n - 1].t)
			sorted = false;
		memcpy(im->rows + im->n, s->rows, s->n * sizeof(*s->rows));
		im->n += s->n;
	}
	if (!sorted)
		qsort(im->rows, im->n, sizeof(*im->rows), by_time);
}

/* The most frequent distance of neighbours, as a timeframe. */
static enum tf usual_tf(const struct xcandle *x, size_t n_x)
{
	size_t best_n = 0;
	enum tf best = 0;

	for (int k = 1; k < TF__MAX; k++) {
		enum tf tf = (enum tf)k;
		size_t n = 0;

		for (size_t i = 1; i < n_x; i++)
			n += x[i].t == tf_next(tf, x[i - 1].t);
		if (n > best_n) {
			best_n = n;
			best = tf;
		}
	}
	return best;
}

static int settle_tf(struct import *im, struct err *err)
{
	/* A look at the first ten thousand is enough. */
	enum tf seen = usual_tf(im->rows, im->n < 10000 ? im->n : 10000);

	if (im->tf == 0 && seen == 0)
		return FAIL(err, E_INVAL, "the timeframe cannot be seen in %zu "
			    "candles: give it", im->n);
	if (im->tf == 0)
		im->tf = seen;
	if (seen == 0 || seen == im->tf || im->n < 3)
		return 0;
	/* Sparse candles lie far apart more often than not, but somewhere two
	 * are neighbours. */
	for (size_t i = 1; i < im->n && tf_ms(seen) > tf_ms(im->tf); i++)
		if (im->rows[i].t == tf_next(im->tf, im->rows[i - 1].t))
			return 0;
	return FAIL(err, E_INVAL, "these are candles of %s, not of %s",
		    tf_name(seen), tf_name(im->tf));
}

/* Drops what is off the grid, twice there, or not closed yet. */
static void sift(struct import *im)
{
	size_t kept = 0;

	for (size_t i = 0; i < im->n; i++) {
		const struct xcandle *x = &im->rows[i];
		const struct str none = { "", 0 };

		if (tf_open(im->tf, x->t) != x->t) {
			import_note(im, x->file, x->line, true, "time is off "
				    "the timeframe's grid", none);
		} else if (tf_next(im->tf, x->t) > im->now) {
			im->unfinished++;
			import_note(im, x->file, x->line, false,
				    "candle is not closed yet", none);
		} else if (kept > 0 && im->rows[kept - 1].t == x->t) {
			bool same = xcandle_same(x, &im->rows[kept - 1]);

			im->duplicates += same;
			import_note(im, x->file, x->line, !same, same ?
				    "duplicate" : "same time twice, with other "
				    "numbers", none);
		} else {
			im->rows[kept++] = *x;
		}
	}
	im->n = kept;
}

int import_finish(struct import *im, unsigned flags, struct err *err)
{
	int rc;

	gather(im);
	if (im->n == 0 && im->broken == 0)
		return FAIL(err, E_INVAL, "there are no candles in it");
	rc = im->n == 0 ? 0 : settle_tf(im, err);
	if (rc < 0)
		return rc;
	if (im->n > 0)
		sift(im);
	if (im->broken > 0 && !(flags & IMPORT_SKIP_BROKEN))
		return FAIL(err, E_INVAL, "%" PRIu64 " broken row%s", im->broken,
			    im->broken == 1 ? "" : "s");
	if (im->n == 0)
		return FAIL(err, E_INVAL, "no candle is left to import");
	SCOPE(tmp, im->out) {
		int64_t *t = NEW_N(tmp, int64_t, im->n);

		for (size_t i = 0; i < im->n; i++)
			t[i] = im->rows[i].t;
		im->n_gaps = candles_gaps(im->out, t, im->n, im->tf, &im->gaps);
	}
	return 0;
}
