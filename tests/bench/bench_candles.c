#include "config.h"

#include "test.h"
#include "t_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/clock.h"
#include "market/import.h"
#include "market/market_i.h"
#include "xchg/sim.h"

/* How fast a million candles come in from a CSV file and out into columns.
 * Prints one JSON line per figure; fails never, except when a step does. */

#define N 1000000
#define DAY INT64_C(86400000)
#define FROM INT64_C(1640995200000)
#define ROUNDS 9

static struct arena *root;
static struct db *db;

static void figure(const char *name, double value, const char *unit)
{
	printf("{\"bench\":\"candles\",\"name\":\"%s\",\"value\":%.6g,"
	       "\"unit\":\"%s\"}\n", name, value, unit);
	fflush(stdout);
}

static double since(int64_t ns)
{
	return (double)(clock_mono_ns() - ns) / 1e9;
}

static void must(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

static void write_csv(const char *path)
{
	struct sim *s = sim_new(root, 1, "BTC/USDT");
	FILE *f = fopen(path, "w");
	struct candles cs;
	struct err err;
	int64_t t = clock_mono_ns();

	assert_non_null(f);
	must(sim_candles(root, s, TF_1M, FROM, FROM + N * INT64_C(60000), &cs,
			 &err), &err);
	figure("simulate_1m", since(t), "s");
	fprintf(f, "timestamp_ms,open,high,low,close,volume\n");
	for (size_t i = 0; i < cs.n; i++)
		fprintf(f, "%" PRId64 ",%.2f,%.2f,%.2f,%.2f,%.5f\n", cs.t[i],
			cs.o[i], cs.h[i], cs.l[i], cs.c[i], cs.v[i]);
	assert_int_equal(fclose(f), 0);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void import_and_load(void **st)
{
	char path[256];
	struct import im;
	struct market m = { 0 };
	struct store_stats stats;
	struct rusage ru;
	struct err err;
	int64_t t, t_all;
	double s[ROUNDS];

	(void)st;
	snprintf(path, sizeof(path), "%s/million.csv", t_db_dir());
	write_csv(path);
	assert_true(market_ref_parse(STR("bench:BTC/USDT"), &m));
	assert_true(price_parse(&m.tick, "0.01") && qty_parse(&m.lot, "0.00001"));
	t_all = t = clock_mono_ns();
	import_init(&im, root, 0, "BTC", FROM + 10000 * DAY);
	must(import_file(&im, path, &err), &err);
	must(import_finish(&im, 0, &err), &err);
	figure("import_read", since(t), "s");
	t = clock_mono_ns();
	must(market_ensure(db, &m, "import", NULL, &err), &err);
	must(xcandles_merge(db, m.id, im.tf, im.rows, im.n, 0, &stats, &err),
	     &err);
	figure("import_store", since(t), "s");
	figure("import_1000000", since(t_all), "s");
	assert_int_equal(stats.added, N);
	figure("stored", (double)t_db_int("SELECT SUM(LENGTH(data)) FROM"
					  " candle_block") / N, "bytes/candle");
	t_db_kill();
	t_db_restart();		/* nothing is cached in the server */
	for (int i = 0; i < ROUNDS; i++) {
		struct arena *a = arena_new("load", (size_t)1 << 30);
		struct candles cs;

		/* The connection is made anew outside the figure. */
		if (i == 0)
			while (db_connect(db, &err) < 0)
				clock_sleep_ms(100);
		t = clock_mono_ns();
		must(candles_load(a, db, m.id, TF_1M, INT64_MIN, INT64_MAX, &cs,
				  &err), &err);
		s[i] = since(t);
		assert_int_equal(cs.n, N);
		arena_free(&a);
		if (i == 0)
			figure("load_1000000_cold", s[0], "s");
	}
	qsort(s, ROUNDS, sizeof(s[0]), by_size);
	figure("load_1000000", s[ROUNDS / 2], "s");
	for (int i = 0; i < ROUNDS; i++) {
		struct arena *a = arena_new("load", (size_t)1 << 30);
		struct candles cs;

		t = clock_mono_ns();
		must(candles_newest(a, db, m.id, TF_1M, 500, INT64_MAX, &cs,
				    &err), &err);
		s[i] = since(t);
		assert_int_equal(cs.n, 500);
		arena_free(&a);
	}
	qsort(s, ROUNDS, sizeof(s[0]), by_size);
	figure("newest_500", s[ROUNDS / 2], "s");
	getrusage(RUSAGE_SELF, &ru);
	figure("peak_memory", (double)ru.ru_maxrss / 1024, "MiB");
}

static void codec(void **st)
{
	struct sim *sim = sim_new(root, 1, "BTC/USDT");
	struct candles cs, back;
	struct xcandle x[BLOCK_CANDLES];
	struct err err;
	struct block_room *room = block_room(root);
	struct str b;
	int64_t t;

	(void)st;
	must(sim_candles(root, sim, TF_1M, FROM, FROM + BLOCK_CANDLES *
			 INT64_C(60000), &cs, &err), &err);
	for (size_t i = 0; i < cs.n; i++) {
		struct candle c = candles_at(&cs, i);

		assert_true(xcandle_exact(&x[i], &c));
	}
	t = clock_mono_ns();
	for (int i = 0; i < 100; i++)
		b = block_encode(root, x, BLOCK_CANDLES);
	figure("encode", since(t) / 100 / BLOCK_CANDLES * 1e9, "ns/candle");
	candles_alloc(root, &back, BLOCK_CANDLES);
	t = clock_mono_ns();
	for (int i = 0; i < 100; i++)
		must(block_decode(room, b, BLOCK_CANDLES, &back,
				  0, &err), &err);
	figure("decode", since(t) / 100 / BLOCK_CANDLES * 1e9, "ns/candle");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codec),
		cmocka_unit_test(import_and_load),
	};

	t_db_start();
	t_db_schema();
	root = arena_new("bench", (size_t)4 << 30);
	db = t_db_open(root);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
