#include "config.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "core/clock.h"
#include "core/sbuf.h"
#include "market/import.h"

#define NOW INT64_C(1767225600000)	/* 2026-01-01 */
#define T0 INT64_C(1640995200000)	/* 2022-01-01 */

static struct arena *root;

static int setup(void **st)
{
	(void)st;
	root = arena_new("test", (size_t)2 << 30);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	arena_free(&root);
	return 0;
}

static struct import im;

static int load_n(const void *data, size_t n, enum tf tf, struct err *err)
{
	int rc;

	import_init(&im, root, tf, "BTC", NOW);
	rc = import_bytes(&im, "file", data, n, err);
	return rc < 0 ? rc : import_finish(&im, 0, err);
}

static void good(const char *text, enum tf tf, size_t n)
{
	struct err err;

	if (load_n(text, strlen(text), tf, &err) < 0)
		fail_msg("%s: %s line %u", err.msg, im.notes.n > 0 ?
			 im.notes.v[0].what : "", im.notes.n > 0 ?
			 (unsigned)im.notes.v[0].line : 0);
	assert_int_equal(im.n, n);
}

/* It fails, and says `what` in the error or in the first broken note. */
static void bad(const char *text, enum tf tf, uint32_t line, const char *what)
{
	struct err err;

	assert_true(load_n(text, strlen(text), tf, &err) < 0);
	if (line == 0) {
		if (strstr(err.msg, what) == NULL)
			fail_msg("got: %s", err.msg);
		return;
	}
	for (size_t i = 0; i < im.notes.n; i++)
		if (im.notes.v[i].broken && im.notes.v[i].line == line &&
		    strcmp(im.notes.v[i].what, what) == 0)
			return;
	fail_msg("no note \"%s\" at line %u: %s", what, (unsigned)line, err.msg);
}

static void row_is(size_t i, int64_t t, const char *o, const char *v)
{
	char buf[DEC_TEXT_MAX];
	const struct xcandle *x = &im.rows[i];

	assert_int_equal(x->t, t);
	dec_format(buf, (struct dec){ x->m[X_O], x->d[X_O] });
	assert_string_equal(buf, o);
	dec_format(buf, (struct dec){ x->m[X_V], x->d[X_V] });
	assert_string_equal(buf, v);
}

#define HEADER "timestamp_ms,open,high,low,close,volume\n"

static void a_plain_csv_is_read(void **st)
{
	(void)st;
	good(HEADER
	     "1640995200000,46216.93,46731.39,46208.37,46656.13,1503.33095\n"
	     "1640998800000,46656.14,46949.99,46574.06,46778.14,943.81539\n",
	     0, 2);
	assert_int_equal(im.tf, TF_1H);
	row_is(0, T0, "46216.93", "1503.33095");
	row_is(1, T0 + 3600000, "46656.14", "943.81539");
	assert_int_equal(im.price_decimals, 2);
	assert_int_equal(im.volume_decimals, 5);
	assert_string_equal(im.files.v[0].format, "CSV");
	assert_int_equal(im.n_gaps, 0);
}

static void without_a_header_the_usual_order_is_taken(void **st)
{
	(void)st;
	/* Binance Vision: twelve columns, microseconds since 2025. */
	good("1735689600000000,93576.00,93610.93,93537.50,93610.93,8.21827000,"
	     "1735689659999999,768978.98,2631,4.95,463000.1,0\n"
	     "1735689660000000,93610.93,93652.00,93606.20,93652.00,5.96,"
	     "1735689719999999,558000.1,1000,3.1,290000.1,0\n", TF_1M, 2);
	row_is(0, INT64_C(1735689600000), "93576", "8.21827");
}

static void times_come_in_every_unit(void **st)
{
	static const char *const t[] = {
		"1640995200", "1640995200.0", "1640995200000",
		"1640995200000000", "1640995200000000000", "1.6409952e9",
		"2022-01-01", "2022-01-01 00:00:00", "2022-01-01T00:00:00Z",
		"2022-01-01T01:00:00+01:00", "2021-12-31T19:00:00-05:00",
		"2022-01-01 12-AM", "\"2022-01-01 00:00:00\"",
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char text[200];

		snprintf(text, sizeof(text), "date,open,high,low,close,volume\n"
			 "%s,1,2,0.5,1.5,3\n", t[i]);
		good(text, TF_1H, 1);
		row_is(0, T0, "1", "3");
	}
	good("date,open,high,low,close,volume\n2022-01-01 12-PM,1,2,1,1,3\n"
	     "2022-01-01 01-PM,1,2,1,1,3\n", TF_1H, 2);
	assert_int_equal(im.rows[1].t, T0 + 13 * 3600000);
}

/* Seconds at first, milliseconds later, as CryptoDataDownload has it. */
static void the_unit_may_change_within_a_file(void **st)
{
	(void)st;
	good(HEADER "1640995200,1,2,1,1,3\n1640998800000,1,2,1,1,3\n", 0, 2);
}

static void header_names_order_and_separators_vary(void **st)
{
	(void)st;
	good("Volume;Close;Low;High;Open;Timestamp\r\n"
	     "3;1.5;0.5;2;1;1640995200\r\n\r\n"
	     "4;1.5;0.5;2;1;1640998800\r\n", 0, 2);
	row_is(0, T0, "1", "3");
	good("# a remark\n\"Open Time\"\tOPEN\tHIGH\tLOW\tLast\tVol\n"
	     "1640995200\t1\t2\t0.5\t1.5\t3\n"
	     "1640998800\t1\t2\t0.5\t1.5\t3\n", 0, 2);
	good("\xef\xbb\xbftime,open,high,low,close\n1640995200,1,2,1,1\n",
	     TF_1D, 1);
	row_is(0, T0, "1", "0");
	good("time,open,high,low,close,Volume_(USD),Volume_(BTC)\n"
	     "1640995200,1,2,1,1,900,7\n", TF_1D, 1);
	row_is(0, T0, "1", "7");
	good("date,note,open,high,low,close,volume\n"
	     "2022-01-01,\"one, two\",1,2,1,1,7\n", TF_1D, 1);
	row_is(0, T0, "1", "7");
}

static void cryptodatadownload_is_read_in_both_orders(void **st)
{
	static const char head[] = "https://www.CryptoDataDownload.com\n"
		"unix,date,symbol,open,high,low,close,Volume USDT,Volume BTC\n";
	static const char a[] =
		"1640995200,2022-01-01 00:00:00,BTC/USDT,1,2,1,1.5,99,7\n";
	static const char b[] =
		"1640998800,2022-01-01 01:00:00,BTC/USDT,1.5,2,1,1.5,99,8\n";
	static const char c[] =
		"1641002400,2022-01-01 02:00:00,BTC/USDT,1.5,2,1,1.5,99,9\n";
	char text[600];

	(void)st;
	snprintf(text, sizeof(text), "%s%s%s%s", head, a, b, c);
	good(text, 0, 3);
	assert_false(im.files.v[0].newest_first);
	snprintf(text, sizeof(text), "%s%s%s%s", head, c, b, a);
	good(text, 0, 3);
	assert_true(im.files.v[0].newest_first);
	assert_string_equal(im.files.v[0].format, "CryptoDataDownload");
	row_is(0, T0, "1", "7");
	row_is(2, T0 + 7200000, "1.5", "9");
}

static void freqtrade_json_is_read(void **st)
{
	(void)st;
	good("[[1640995200000,46216.93,46731.39,46208.37,46656.13,1503.33095],"
	     "\n [1640998800000, 4.6e4, 46949.99, 4.5e+4, \"46778.14\", 1e-8]]",
	     0, 2);
	row_is(0, T0, "46216.93", "1503.33095");
	row_is(1, T0 + 3600000, "46000", "0.00000001");
	assert_string_equal(im.files.v[0].format, "freqtrade JSON");
	bad("[]", 0, 0, "no candles");
	bad("[[1640995200000,1,2,1,1,3],]", 0, 0, "byte 27: no row");
	bad("[[1640995200000,1,2,1,1,3]", 0, 0, "does not end");
	bad("[[1640995200000,1,2,1,1,3]]x", 0, 0, "follows the list");
	bad("[[1640995200000,1,2,1,1,[3]]]", 0, 0, "no number");
	bad("{\"a\":1}", 0, 0, "no list");
	bad("[[1640995200000,1,2,1,null,3]]", TF_1H, 1, "not a number");
	bad("[[1640995200000,1,2]]", TF_1H, 1, "too few columns");
}

static void broken_rows_are_named_by_line(void **st)
{
	static const struct { const char *row, *what; } t[] = {
		{ "1640998800000,1,2,3,1.5,3", "high < low" },
		{ "1640998800000,1,2,1.2,1.5,3", "low is above open or close" },
		{ "1640998800000,3,2,1,1.5,3", "high is below open or close" },
		{ "1640998800000,-1,2,1,1.5,3", "price is not above zero" },
		{ "1640998800000,1,2,0,1.5,3", "price is not above zero" },
		{ "1640998800000,1,2,1,1.5,-3", "volume is negative" },
		{ "1640998800000,NaN,2,1,1.5,3", "not a number" },
		{ "1640998800000,,2,1,1.5,3", "not a number" },
		{ "1640998800000,1,inf,1,1.5,3", "not a number" },
		{ "1640998800000,1,0x2,1,1.5,3", "unreadable number" },
		{ "1640998800000,1,2,1,1.5", "too few columns" },
		{ "yesterday,1,2,1,1.5,3", "unreadable time" },
		{ "2022-13-01,1,2,1,1.5,3", "unreadable time" },
		{ "2022-01-01 13-PM,1,2,1,1.5,3", "unreadable time" },
		{ "1640998800000,1.5,2,1,1.5,12345678901234.1234567891",
		  "too many digits" },
		{ "1640998800000,1e19,2,1,1.5,3", "too many digits" },
		{ "1640998800000.5,1,2,1,1.5,3",
		  "time is finer than a millisecond" },
		{ "1640998800001,1,2,1,1.5,3",
		  "time is off the timeframe's grid" },
		{ "1640998860000,1,2,1,1.5,3",
		  "time is off the timeframe's grid" },
		{ "1640991600000,1,2,1,1.5,3", "out of order" },
		{ "1640995200000,1,2,1,1.4,3",
		  "same time twice, with other numbers" },
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char text[400];

		snprintf(text, sizeof(text), HEADER
			 "1640995200000,1,2,1,1.5,3\n%s\n"
			 "1641002400000,1,2,1,1.5,3\n"
			 "1641006000000,1,2,1,1.5,3\n", t[i].row);
		bad(text, TF_1H, 3, t[i].what);
		assert_int_equal(im.broken, 1);
	}
}

static void broken_rows_can_be_left_out(void **st)
{
	static const char text[] = HEADER "1640995200000,1,2,1,1.5,3\n"
		"1640998800000,NaN,2,1,1.5,3\n1641002400000,1,2,1,1.5,3\n";
	struct err err;

	(void)st;
	import_init(&im, root, TF_1H, "BTC", NOW);
	assert_int_equal(import_bytes(&im, "f", text, strlen(text), &err), 0);
	assert_int_equal(import_finish(&im, IMPORT_SKIP_BROKEN, &err), 0);
	assert_int_equal(im.n, 2);
	assert_int_equal(im.broken, 1);
	assert_int_equal(im.n_gaps, 1);
	assert_int_equal(im.gaps[0].from, T0 + 3600000);
	assert_int_equal(im.gaps[0].missing, 1);
}

static void places_beyond_18_are_rounded_and_counted(void **st)
{
	(void)st;
	good(HEADER "1640995200000,0.0016200000000000001,2,0.001,1.5,3\n"
	     "1640998800000,1.6200000000000001e-03,2,0.001,1.5,3.1\n", 0, 2);
	row_is(0, T0, "0.00162", "3");
	row_is(1, T0 + 3600000, "0.00162", "3.1");
	assert_int_equal(im.rounded, 2);
}

static void odd_rows_are_noted_and_do_no_harm(void **st)
{
	(void)st;
	good(HEADER "1640995200000,1,2,1,1.5,3\n1640995200000,1.0,2,1,1.5,3\n"
	     "1641002400000,1,2,1,1.5,3\n1641006000000,1,2,1,1.5,3\n", 0, 3);
	assert_int_equal(im.duplicates, 1);
	assert_int_equal(im.n_gaps, 1);
	assert_int_equal(im.notes.n, 1);
	assert_int_equal(im.notes.v[0].line, 3);
	assert_false(im.notes.v[0].broken);
	/* The last candle of a live export is not closed. */
	import_init(&im, root, TF_1H, "BTC", T0 + 5400000);
	good(HEADER "1640995200000,1,2,1,1.5,3\n", TF_1H, 1);
	import_init(&im, root, TF_1H, "BTC", T0 + 5400000);
	{
		static const char two[] = HEADER "1640995200000,1,2,1,1.5,3\n"
			"1640998800000,1,2,1,1.5,3\n";
		struct err err;

		assert_int_equal(import_bytes(&im, "f", two, strlen(two), &err),
				 0);
		assert_int_equal(import_finish(&im, 0, &err), 0);
		assert_int_equal(im.n, 1);
		assert_int_equal(im.unfinished, 1);
	}
}

static void another_timeframe_is_refused(void **st)
{
	static const char hours[] = HEADER "1640995200000,1,2,1,1.5,3\n"
		"1640998800000,1,2,1,1.5,3\n1641002400000,1,2,1,1.5,3\n";

	(void)st;
	bad(hours, TF_5M, 0, "these are candles of 1h, not of 5m");
	bad(hours, TF_1D, 0, "these are candles of 1h, not of 1d");
	bad(HEADER "1640995200000,1,2,1,1.5,3\n", 0, 0, "cannot be seen");
	/* Sparse minutes: hours lie between most of them, not all. */
	good(HEADER "1640995200000,1,2,1,1.5,3\n1640998800000,1,2,1,1.5,3\n"
	     "1641002400000,1,2,1,1.5,3\n1641002460000,1,2,1,1.5,3\n", TF_1M, 4);
}

static void what_is_no_candle_file_is_told_apart(void **st)
{
	(void)st;
	bad("", 0, 0, "empty");
	bad(" \n\n", 0, 0, "empty");
	bad("hello\nworld\n", 0, 0, "no column for time");
	bad("timestamp_ms,id,side,price,amount,cost\n1570752011620,1,sell,"
	    "0.1,23,2.3\n", 0, 0, "no column for open");
	bad("1,2,3\n", 0, 0, "3 columns without a header");
	bad("https://www.CryptoDataDownload.com\n", 0, 0, "banner");
	bad("ARROW1..", 0, 0, "Feather");
	bad("PAR1....", 0, 0, "Parquet");
	bad("\xff\xfet\x01", 0, 0, "UTF-16");
	bad(HEADER, 0, 0, "no candles");
}

/* ---- archives ---- */

static struct str deflated(struct str s, int window)
{
	z_stream z = { 0 };
	struct str r = { NULL, 0 };
	Bytef *buf = NEW_N(root, Bytef, s.n + 1000);

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)s.p;
	z.avail_in = (uInt)s.n;
	z.next_out = buf;
	z.avail_out = (uInt)s.n + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	r = str_n((char *)buf, z.total_out);
	deflateEnd(&z);
	return r;
}

static void gzip_is_unpacked_whole_and_in_parts(void **st)
{
	static const char text[] = HEADER "1640995200000,1,2,1,1.5,3\n"
		"1640998800000,1,2,1,1.5,3\n";
	struct str z = deflated(str_c(text), 31), second;
	struct err err;
	char *two;

	(void)st;
	assert_int_equal(load_n(z.p, z.n, 0, &err), 0);
	assert_int_equal(im.n, 2);
	/* Two members, one after the other. */
	second = deflated(STR("1641002400000,1,2,1,1.5,3\n"), 31);
	two = NEW_N(root, char, z.n + second.n);
	memcpy(two, z.p, z.n);
	memcpy(two + z.n, second.p, second.n);
	assert_int_equal(load_n(two, z.n + second.n, 0, &err), 0);
	assert_int_equal(im.n, 3);
	for (size_t cut = 2; cut < z.n; cut++)
		assert_true(load_n(z.p, cut, 0, &err) < 0);
	two[z.n / 2] ^= 0x55;
	assert_true(load_n(two, z.n, 0, &err) < 0);
}

static void a_gzip_bomb_is_stopped(void **st)
{
	const size_t n = 64u << 20;
	char *zeros = NEW_N(root, char, n);
	struct str z = deflated(str_n(zeros, n), 31);
	struct err err;

	(void)st;
	assert_true(z.n < 100000);
	assert_int_equal(load_n(z.p, z.n, 0, &err), -E_TOOBIG);
}

struct zip { struct sbuf b; uint32_t offset[8]; size_t n; };

static void le(struct sbuf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++) {
		char c = (char)(i < 8 ? v >> (8 * i) : 0);

		sbuf_add(b, &c, 1);
	}
}

struct entry {
	const char *name;
	struct str text;	/* unpacked */
	bool deflate;
	unsigned flags;
	uint32_t size;		/* a lie about it, when not 0 */
	uint32_t crc;		/* added to the right one */
};

/* An archive as others write it. */
static struct str zipped(const struct entry *e, size_t n)
{
	struct sbuf b, dir;
	uint32_t at;

	sbuf_init(&b, root, 100u << 20);
	sbuf_init(&dir, root, 1 << 20);
	for (size_t i = 0; i < n; i++) {
		struct str packed = e[i].deflate ? deflated(e[i].text, -15) :
			e[i].text;
		uint32_t crc = e[i].crc + (uint32_t)crc32(0, (const Bytef *)
			e[i].text.p, (uInt)e[i].text.n);
		uint32_t size = e[i].size ? e[i].size : (uint32_t)e[i].text.n;

		at = (uint32_t)b.len;
		for (int k = 0; k < 2; k++) {
			struct sbuf *o = k == 0 ? &b : &dir;

			le(o, k == 0 ? 0x04034b50 : 0x02014b50, 4);
			if (k == 1)
				le(o, 20, 2);
			le(o, 20, 2);
			le(o, e[i].flags, 2);
			le(o, e[i].deflate ? 8 : 0, 2);
			le(o, 0, 4);
			le(o, crc, 4);
			le(o, packed.n, 4);
			le(o, size, 4);
			le(o, strlen(e[i].name), 2);
			le(o, 0, 2);
			if (k == 1) {
				le(o, 0, 2 + 2 + 2 + 4);
				le(o, at, 4);
			}
			sbuf_add(o, e[i].name, strlen(e[i].name));
		}
		sbuf_add(&b, packed.p, packed.n);
	}
	at = (uint32_t)b.len;
	sbuf_add(&b, dir.buf, dir.len);
	le(&b, 0x06054b50, 4);
	le(&b, 0, 4);
	le(&b, n, 2);
	le(&b, n, 2);
	le(&b, dir.len, 4);
	le(&b, at, 4);
	le(&b, 0, 2);
	return str_n(b.buf, b.len);
}

#define ROW1 "1640995200000,1,2,1,1.5,3\n"
#define ROW2 "1640998800000,1,2,1,1.5,3\n"
#define ROW3 "1641002400000,1,2,1,1.5,3\n"

static void zip_archives_are_read(void **st)
{
	const struct entry e[] = {
		{ "folder/", STR(""), false, 0, 0, 0 },
		{ "b.csv", STR(HEADER ROW2 ROW3), true, 0, 0, 0 },
		{ "a.csv.CHECKSUM", STR("0123"), false, 0, 0, 0 },
		{ "a.csv", STR(HEADER ROW1 ROW2), false, 0, 0, 0 },
	};
	struct str z = zipped(e, ARRAY_LEN(e));
	struct err err;

	(void)st;
	assert_int_equal(load_n(z.p, z.n, 0, &err), 0);
	assert_int_equal(im.files.n, 2);
	assert_string_equal(im.files.v[0].name, "file:b.csv");
	assert_int_equal(im.n, 3);
	assert_int_equal(im.duplicates, 1);
	row_is(0, T0, "1", "3");
	for (size_t cut = 4; cut < z.n; cut++)
		assert_true(load_n(z.p, cut, 0, &err) < 0);
	for (size_t i = 0; i < z.n; i++) {	/* no bit makes it crash */
		((char *)(uintptr_t)z.p)[i] ^= 0x41;
		(void)!load_n(z.p, z.n, 0, &err);
		((char *)(uintptr_t)z.p)[i] ^= 0x41;
	}
}

static void zip_says(const struct entry *e, size_t n, int code, const char *what)
{
	struct str z = zipped(e, n);
	struct err err = { 0 };

	assert_int_equal(load_n(z.p, z.n, 0, &err), -code);
	if (strstr(err.msg, what) == NULL)
		fail_msg("got: %s", err.msg);
}

static void bad_archives_are_refused_with_the_reason(void **st)
{
	struct entry e = { "a.csv", STR(HEADER ROW1 ROW2), true, 0, 0, 0 };
	struct str z;
	struct err err;
	char *p;

	(void)st;
	zip_says(&e, 0, E_MEDIA, "no CSV file");
	e.name = "a\033[2J.csv";
	zip_says(&e, 1, E_INVAL, "name of an entry");
	e.name = "";
	zip_says(&e, 1, E_INVAL, "name of an entry");
	e.name = "a.csv";
	e.crc = 1;
	zip_says(&e, 1, E_INVAL, "checksum");
	e.crc = 0;
	e.flags = 1;
	zip_says(&e, 1, E_MEDIA, "encrypted");
	e.flags = 0;
	e.size = 5;
	zip_says(&e, 1, E_INVAL, "compressed data");
	e.size = 500000;
	zip_says(&e, 1, E_INVAL, "compressed data");
	e.size = 0xfffffff0;
	zip_says(&e, 1, E_TOOBIG, "unpacks to");
	e.size = 0xffffffff;
	zip_says(&e, 1, E_MEDIA, "zip64");
	e.size = 0;
	/* The second entry points at the first one's bytes. */
	{
		struct entry two[] = { e, e };

		z = zipped(two, 2);
	}
	p = (char *)(uintptr_t)z.p;
	memset(p + z.n - 22 - 5 - 4, 0, 4);	/* its offset */
	assert_int_equal(load_n(z.p, z.n, 0, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "overlap"));
}

static void a_zip_bomb_is_stopped(void **st)
{
	const size_t n = 64u << 20;
	struct entry e = { "a.csv", { NULL, 0 }, true, 0, 0, 0 };

	(void)st;
	e.text = str_n(NEW_N(root, char, n), n);
	zip_says(&e, 1, E_TOOBIG, "unpacks to");
}

/* ---- files ---- */

static void files_that_cannot_be_read_are_told(void **st)
{
	struct err err;

	(void)st;
	import_init(&im, root, 0, "BTC", NOW);
	assert_int_equal(import_file(&im, "/nowhere/x.csv", &err), -E_IO);
	assert_non_null(strstr(err.msg, "/nowhere/x.csv"));
	assert_int_equal(import_file(&im, "/", &err), -E_IO);
	assert_int_equal(import_file(&im, "/dev/null", &err), -E_IO);
}

static void several_files_become_one_series(void **st)
{
	static const char a[] = HEADER ROW2 ROW3, b[] = HEADER ROW1 ROW2;
	static const char c[] = HEADER "1640998800000,1,2,1,1.6,3\n";
	struct err err;

	(void)st;
	import_init(&im, root, 0, "BTC", NOW);
	assert_int_equal(import_bytes(&im, "a", a, strlen(a), &err), 0);
	assert_int_equal(import_bytes(&im, "b", b, strlen(b), &err), 0);
	assert_int_equal(import_finish(&im, 0, &err), 0);
	assert_int_equal(im.n, 3);
	assert_int_equal(im.duplicates, 1);
	import_init(&im, root, TF_1H, "BTC", NOW);
	assert_int_equal(import_bytes(&im, "a", a, strlen(a), &err), 0);
	assert_int_equal(import_bytes(&im, "c", c, strlen(c), &err), 0);
	assert_int_equal(import_finish(&im, 0, &err), -E_INVAL);
	assert_int_equal(im.notes.v[0].file, 1);
	assert_int_equal(im.notes.v[0].line, 2);
}

static const char *shared_dir(void)
{
	static char path[4096];
	const char *dir = getenv("ORCH_SHARED_DATA"), *top = getenv("top_srcdir");

	if (dir != NULL)
		return dir;
	snprintf(path, sizeof(path), "%s/../shared/data",
		 top != NULL ? top : ".");
	return path;
}

static void nothing(void **st)
{
	(void)st;
}

/* The real files beside the project; skipped by name where they are absent. */
static void the_shared_files_are_read(void **st)
{
	static const struct { const char *name; enum tf tf; size_t n, gaps; }
	f[] = {
		{ "binance_BTC_USDT-1d-2022_2025.csv", TF_1D, 1432, 0 },
		{ "binance_BTC_USDT-1h-2022_2025.csv", TF_1H, 34349, 1 },
		{ "binance_BTC_USDT-1m.csv", TF_1M, 61272, 2 },
		{ "binance_BTC_USDT-4h-2022_2025.csv", TF_4H, 8588, 0 },
		{ "binance_BTC_USDT-5m.csv", TF_5M, 65741, 6 },
		{ "binance_ETH_USDT-1d-2022_2025.csv", TF_1D, 1432, 0 },
		{ "binance_ETH_USDT-1h-2022_2025.csv", TF_1H, 34349, 1 },
		{ "binance_ETH_USDT-1m.csv", TF_1M, 61273, 2 },
		{ "binance_ETH_USDT-4h-2022_2025.csv", TF_4H, 8588, 0 },
		{ "binance_ETH_USDT-5m.csv", TF_5M, 38059, 4 },
		{ "binance_SOL_USDT-5m.csv", TF_5M, 38060, 4 },
		{ "gaps_1m.csv", TF_1M, 13681, 538 },
		{ "reference_trades/candles_1h.csv", TF_1H, 23054, 0 },
	};
	const char *dir = shared_dir();
	struct err err;

	(void)st;
	if (access(dir, R_OK) != 0)
		fail_msg("%s is absent", dir);
	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		const char *path = arena_printf(root, "%s/%s", dir, f[i].name);

		import_init(&im, root, 0, "BTC", NOW);
		if (import_file(&im, path, &err) < 0 ||
		    import_finish(&im, 0, &err) < 0)
			fail_msg("%s: %s", path, err.msg);
		assert_int_equal(im.tf, f[i].tf);
		assert_int_equal(im.n, f[i].n);
		if (f[i].gaps > 0)
			assert_int_equal(im.n_gaps, f[i].gaps);
	}
	/* These two hold no candles, and are refused with the reason. */
	import_init(&im, root, 0, "XRP", NOW);
	assert_int_equal(import_file(&im, arena_printf(root,
		"%s/binance_XRP_ETH-trades.csv", dir), &err), -E_MEDIA);
	import_init(&im, root, TF_8H, "XRP", NOW);
	assert_int_equal(import_file(&im, arena_printf(root,
		"%s/funding_XRP_USDT-8h.csv", dir), &err), 0);
	assert_int_equal(import_finish(&im, 0, &err), -E_INVAL);
	assert_int_equal(im.broken, 91);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_csv_is_read),
		cmocka_unit_test(without_a_header_the_usual_order_is_taken),
		cmocka_unit_test(times_come_in_every_unit),
		cmocka_unit_test(the_unit_may_change_within_a_file),
		cmocka_unit_test(header_names_order_and_separators_vary),
		cmocka_unit_test(cryptodatadownload_is_read_in_both_orders),
		cmocka_unit_test(freqtrade_json_is_read),
		cmocka_unit_test(broken_rows_are_named_by_line),
		cmocka_unit_test(broken_rows_can_be_left_out),
		cmocka_unit_test(places_beyond_18_are_rounded_and_counted),
		cmocka_unit_test(odd_rows_are_noted_and_do_no_harm),
		cmocka_unit_test(another_timeframe_is_refused),
		cmocka_unit_test(what_is_no_candle_file_is_told_apart),
		cmocka_unit_test(gzip_is_unpacked_whole_and_in_parts),
		cmocka_unit_test(a_gzip_bomb_is_stopped),
		cmocka_unit_test(zip_archives_are_read),
		cmocka_unit_test(bad_archives_are_refused_with_the_reason),
		cmocka_unit_test(a_zip_bomb_is_stopped),
		cmocka_unit_test(files_that_cannot_be_read_are_told),
		cmocka_unit_test(several_files_become_one_series),
		cmocka_unit_test(the_shared_files_are_read),
	};

	if (access(shared_dir(), R_OK) != 0 && getenv("CI") == NULL) {
		tests[ARRAY_LEN(tests) - 1].name = "the_shared_files_are_read "
			"# SKIP ../shared/data is absent";
		tests[ARRAY_LEN(tests) - 1].test_func = nothing;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
