#include "config.h"
#include <stdio.h>
#include <string.h>
#include "core/clock.h"
#include "market/import_i.h"

#define COLUMNS_MAX 64
#define LINE_LEN_MAX 65536
#define NAME_MAX_LEN 40

/* Header names, in small letters and digits only; earlier ones win. */
static const struct { const char *name; enum import_cell cell; } aliases[] = {
	{ "unix", CELL_T }, { "unixtimestamp", CELL_T },
	{ "timestampms", CELL_T }, { "timestamp", CELL_T },
	{ "opentimems", CELL_T }, { "opentime", CELL_T }, { "ts", CELL_T },
	{ "time", CELL_T }, { "datetime", CELL_T }, { "date", CELL_T },
	{ "dateutc", CELL_T }, { "timeutc", CELL_T }, { "start", CELL_T },
	{ "t", CELL_T }, { "timestamputc", CELL_T }, { "startat", CELL_T },
	{ "open", CELL_O }, { "openprice", CELL_O }, { "o", CELL_O },
	{ "high", CELL_H }, { "highprice", CELL_H }, { "h", CELL_H },
	{ "max", CELL_H },
	{ "low", CELL_L }, { "lowprice", CELL_L }, { "l", CELL_L },
	{ "min", CELL_L },
	{ "close", CELL_C }, { "closeprice", CELL_C }, { "c", CELL_C },
	{ "last", CELL_C },
	{ "volume", CELL_V }, { "vol", CELL_V }, { "v", CELL_V },
	{ "basevolume", CELL_V }, { "volumebase", CELL_V },
	{ "basevol", CELL_V }, { "amount", CELL_V },
};
static const char *const cell_names[CELL__N] = {
	"time", "open", "high", "low", "close", "volume"
};

struct csv {
	char sep;
	int column[CELL__N];	/* which column holds it; -1: none */
	int last;		/* the last column that matters */
};

/* ---- lines and cells ---- */

struct lines { struct str rest; uint32_t n; };

static bool next_line(struct lines *l, struct str *ret)
{
	while (l->rest.n > 0) {
		const char *nl = memchr(l->rest.p, '\n', l->rest.n);
		size_t len = nl != NULL ? (size_t)(nl - l->rest.p) : l->rest.n;
		size_t used = nl != NULL ? len + 1 : len;
		struct str line = str_n(l->rest.p, len);

		l->rest = str_n(l->rest.p + used, l->rest.n - used);
		l->n++;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n > 0 && line.p[0] != '#') {
			*ret = line;
			return true;
		}
	}
	return false;
}

static struct str bare(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_n(s.p + 1, s.n - 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = str_n(s.p + 1, s.n - 2);
	return s;
}

/* Cuts the line into at most `max` cells; a quoted cell may hold separators.
 * None of our values needs a quote within quotes. */
static int cut(struct str line, char sep, struct str *cells, int max)
{
	const char *p = line.p, *end = line.p + line.n;
	int n = 0;

	while (n < max) {
		const char *from = p, *stop;

		if (p < end && *p == '"') {
			const char *q = memchr(p + 1, '"', (size_t)(end - p - 1));

			p = q != NULL ? q + 1 : p;
		}
		stop = memchr(p, sep, (size_t)(end - p));
		cells[n++] = bare(str_n(from, (size_t)((stop != NULL ? stop :
							end) - from)));
		if (stop == NULL)
			break;
		p = stop + 1;
	}
	return n;
}

/* ---- the header ---- */

static void plain_name(struct str s, char buf[static NAME_MAX_LEN])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < NAME_MAX_LEN; i++) {
		char c = s.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf[n++] = c;
	}
	buf[n] = '\0';
}

/* How good a name is for this value; 0: not at all, smaller is better. */
static int rank(const struct import *im, const char *name, enum import_cell cell)
{
	char base[NAME_MAX_LEN];

	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (aliases[i].cell == cell && strcmp(aliases[i].name, name) == 0)
			return 2 + (int)i;
	/* "Volume BTC", "Volume_(BTC)": the one of the base asset. */
	if (cell != CELL_V || strncmp(name, "volume", 6) != 0)
		return 0;
	plain_name(str_c(im->base), base);
	return strcmp(name + 6, base) == 0 ? 1 : 1000;
}

static void read_header(const struct import *im, const struct str *cells, int n,
			struct csv *csv)
{
	for (int c = 0; c < CELL__N; c++) {
		int best = 0;

		csv->column[c] = -1;
		for (int i = 0; i < n; i++) {
			char name[NAME_MAX_LEN];
			int r;

			plain_name(cells[i], name);
			r = rank(im, name, (enum import_cell)c);
			if (r > 0 && (best == 0 || r < best)) {
				best = r;
				csv->column[c] = i;
			}
		}
	}
}

/* A header has letters in its first cells, and none of them is a date. */
static bool is_header(const struct str *cells, int n)
{
	struct dec d;
	char text[TIME_TEXT_MAX];
	int64_t t;

	for (int i = 0; i < n && i < CELL__N; i++) {
		struct str s = cells[i];

		if (dec_parse(&d, s.p, s.n) != DEC_SYNTAX)
			return false;
		if (s.n > 0 && s.n < sizeof(text)) {
			memcpy(text, s.p, s.n);
			text[s.n] = '\0';
			if (time_parse(&t, text))
				return false;
		}
	}
	return n > 0;
}

static char separator(struct str line)
{
	static const char all[] = ",;\t|";
	size_t best = 0;
	char sep = ',';

	for (size_t k = 0; k + 1 < sizeof(all); k++) {
		size_t n = 0;

		for (size_t i = 0; i < line.n; i++)
			n += line.p[i] == all[k];
		if (n > best) {
			best = n;
			sep = all[k];
		}
	}
	return sep;
}

static int settle_columns(const struct import *im, const char *name,
			  const struct str *cells, int n, bool header,
			  struct csv *csv, struct err *err)
{
	if (header) {
		read_header(im, cells, n, csv);
	} else if (n < CELL__N) {
		return FAIL(err, E_MEDIA, "%s: %d columns without a header; "
			    "time, open, high, low, close, volume are needed",
			    name, n);
	} else {
		for (int c = 0; c < CELL__N; c++)
			csv->column[c] = c;
	}
	csv->last = 0;
	for (int c = 0; c < CELL__N; c++) {
		if (csv->column[c] < 0 && c != CELL_V)
			return FAIL(err, E_MEDIA, "%s: the header names no "
				    "column for %s", name, cell_names[c]);
		if (csv->column[c] > csv->last)
			csv->last = csv->column[c];
	}
	return 0;
}

/* ---- the file ---- */

static size_t count_lines(struct str text)
{
	const char *p = text.p, *end = text.p + text.n;
	size_t n = 1;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		n++;
		p++;
	}
	return n;
}

/* "https://www.CryptoDataDownload.com" stands alone on the first line. */
static bool is_banner(struct str line)
{
	return memchr(line.p, ',', line.n) == NULL &&
		memchr(line.p, ';', line.n) == NULL &&
		memchr(line.p, '\t', line.n) == NULL &&
		(str_contains(line, "://") || str_contains(line, "www."));
}

static void read_row(struct import *im, size_t file, const struct csv *csv,
		     struct str line, uint32_t n)
{
	struct str cells[COLUMNS_MAX], row[CELL__N];
	int got;

	if (line.n > LINE_LEN_MAX) {
		import_note(im, file, n, true, "line is too long", str_n("", 0));
		return;
	}
	got = cut(line, csv->sep, cells, csv->last + 1);
	if (got <= csv->last) {
		import_note(im, file, n, true, "too few columns", line);
		return;
	}
	for (int c = 0; c < CELL__N; c++)
		row[c] = csv->column[c] >= 0 ? cells[csv->column[c]] : STR("0");
	import_row(im, file, n, row);
}

int import_csv(struct import *im, const char *name, struct str text,
	       struct err *err)
{
	struct lines l = { text, 0 };
	struct str line, cells[COLUMNS_MAX];
	const char *format = "CSV";
	struct csv csv;
	size_t file;
	bool header;
	int n, rc;

	if (!next_line(&l, &line))
		return FAIL(err, E_INVAL, "%s: the file is empty", name);
	if (is_banner(line)) {
		format = "CryptoDataDownload";
		if (!next_line(&l, &line))
			return FAIL(err, E_INVAL, "%s: nothing follows the "
				    "banner", name);
	}
	csv.sep = separator(line);
	n = cut(line, csv.sep, cells, COLUMNS_MAX);
	header = is_header(cells, n);
	rc = settle_columns(im, name, cells, n, header, &csv, err);
	if (rc < 0)
		return rc;
	if (count_lines(l.rest) + 1 > UINT32_MAX / 2)
		return FAIL(err, E_TOOBIG, "%s: too many lines", name);
	file = import_source_add(im, name, format, "line",
				 count_lines(l.rest) + 1);
	if (!header)
		read_row(im, file, &csv, line, l.n);
	while (next_line(&l, &line)) {
		read_row(im, file, &csv, line, l.n);
		if (l.n % 4096 == 0)
			import_step(im, text.n - l.rest.n, text.n);
	}
	import_step(im, 1, 1);
	return 0;
}
