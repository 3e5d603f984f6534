#include "config.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "t_api.h"
#include "t_db.h"
#include "t_market.h"

#include "bt/sweep.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "prog/jobs.h"

/* Sweeps: through the API, by the jobs, and what is answered. */

#define N_BARS 3000

static struct arena *root;
static struct candles hours;
static uint64_t btc;
static char path[600];

static int fresh(void **state)
{
	int rc = t_api_fresh(state);

	root = arena_new("test", (size_t)1 << 30);
	btc = t_market_add(root, N_BARS, &hours);
	t_api_user("anna", "trader");
	t_api_user("bob", "trader");
	t_api_user("vera", "viewer");
	return rc;
}

static int done(void **state)
{
	(void)state;
	fault_arm(0);
	arena_free(&root);
	t_db_sql("UPDATE user SET password = '$argon2id$v=19$x'");
	t_db_checks();
	return 0;
}

#define SOURCE "//@version=6\nstrategy(\"Cross\", initial_capital = 10000, " \
	"default_qty_type = strategy.percent_of_equity, default_qty_value = 50)\n" \
	"n = input.int(10, \"Fast\", minval = 2, maxval = 60, step = 2)\n"	\
	"m = input.int(30, \"Slow\", minval = 2, maxval = 200)\n"		\
	"on = input.bool(true)\n"						\
	"f = ta.sma(close, n)\ns = ta.sma(close, m)\n"			\
	"if on and ta.crossover(f, s)\n    strategy.entry(\"L\", strategy.long)\n" \
	"if ta.crossunder(f, s)\n    strategy.close(\"L\")\n"		\
	"if n == 14\n    runtime.error(\"not fourteen\")\n"
#define SPACE ",\"space\":[{\"input\":\"n\",\"min\":4,\"max\":20,\"step\":2},"	\
	"{\"input\":\"m\",\"min\":20,\"max\":60,\"step\":10}]"

static const char *quoted(const char *s)
{
	struct sbuf b;

	sbuf_init(&b, root, 1 << 16);
	sbuf_add_json_str(&b, s);
	return sbuf_finish(&b);
}

static int post(const char *who, const char *more)
{
	return t_api(who, "POST", "/api/v1/sweeps", arena_printf(root,
		     "{\"source\":%s,\"market_id\":%llu,\"tf\":\"1h\"%s}",
		     quoted(SOURCE), (unsigned long long)btc, more), NULL);
}

static uint64_t made(const char *more)
{
	if (post("anna", more) != 201)
		fail_msg("%s", t_api_body());
	return (uint64_t)t_api_int(".id");
}

static int verb(const char *who, const char *method, uint64_t id, const char *rest,
		const char *body)
{
	snprintf(path, sizeof(path), "/api/v1/sweeps/%llu%s",
		 (unsigned long long)id, rest);
	return t_api(who, method, path, body, NULL);
}

static int get(const char *who, uint64_t id, const char *rest)
{
	return verb(who, "GET", id, rest, NULL);
}

static int work(const char *who)
{
	struct err err;
	int rc = jobs_one(root, t_api_conf(), t_api_db(), NULL, NULL, who, &err);

	if (rc < 0)
		fail_msg("%s", err.msg);
	return rc;
}

static size_t work_all(void)
{
	size_t n = 0;

	while (work(n % 2 == 0 ? "one" : "two") > 0)
		n++;
	return n;
}

static double num(const char *p)
{
	double x;

	if (!json_f64(t_api_json(p), &x))
		fail_msg("%s is no number: %.300s", p, t_api_body());
	return x;
}

static const char *text(const char *p)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, root, 1 << 24);
	jw_init(&w, &b);
	if (t_api_json(p) == NULL)
		fail_msg("there is no %s: %.300s", p, t_api_body());
	jw_json(&w, t_api_json(p));
	return sbuf_finish(&b);
}

/* What a sweep came to, for comparisons. */
static const char *outcome(uint64_t id)
{
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(text(".state"), "\"done\"");
	return arena_printf(root, "%s %s %s %s", text(".best"), text(".statistics"),
			    text(".folds"), text(".out_of_sample"));
}

static void life(void **state)
{
	uint64_t id = made(SPACE ",\"constraints\":[{\"metric\":\"trades\",\"op\":\">=\","
			   "\"value\":5}],\"name\":\"Nightly\",\"tags\":[\"a\"]");

	(void)state;
	assert_string_equal(text(".state"), "\"queued\"");
	assert_string_equal(text(".method"), "\"grid\"");
	assert_int_equal(num(".max_trials"), 45);
	assert_int_equal(num(".trials_total"), 0);
	assert_int_equal(work("w"), 1);		/* begins */
	get("anna", id, "");
	assert_string_equal(text(".state"), "\"running\"");
	assert_int_equal(num(".trials_total"), 45);
	assert_int_equal(work("w"), 1);		/* some trials */
	get("anna", id, "");
	assert_true(num(".progress") > 0 && num(".progress") < 1);
	assert_true(num(".best.score") <= 100);
	assert_string_equal(text(".statistics"), "null");
	work_all();
	get("anna", id, "");
	assert_string_equal(text(".state"), "\"done\"");
	assert_int_equal(num(".trials_done"), 45);
	assert_true(num(".statistics.pbo") >= 0 && num(".statistics.pbo") <= 1);
	assert_true(num(".statistics.deflated_sharpe") >= 0);
	assert_true(num(".statistics.plateau") >= 0);
	assert_true(num(".statistics.monte_carlo.returns.total_return.p50") > -1);
	assert_string_equal(text(".folds"), "null");
	assert_true(num(".best.metrics.sharpe") == num(".best.score"));
	assert_true(num(".best.metrics.trades") >= 5);

	/* Its trials, best first and in order, over pages. */
	assert_int_equal(get("anna", id, "/trials?limit=7"), 200);
	assert_true(num(".items[0].score") >= num(".items[1].score"));
	assert_string_equal(text(".items[0].fold"), "null");
	get("anna", id, arena_printf(root, "/trials?limit=50&cursor=%s",
		json_text(t_api_json(".next")).p));
	assert_int_equal(json_len(t_api_json(".items")), 38);
	get("anna", id, "/trials?sort=number&limit=50");
	assert_string_equal(text(".items[25].state"), "\"failed\"");
	assert_non_null(strstr(text(".items[25].error"), "not fourteen"));
	get("anna", id, "/trials?sort=number&limit=3");
	get("anna", id, arena_printf(root, "/trials?sort=number&limit=3&cursor=%s",
		json_text(t_api_json(".next")).p));
	assert_int_equal(num(".items[0].number"), 3);

	assert_int_equal(verb("anna", "PATCH", id, "", "{\"notes\":\"good\"}"), 200);
	assert_string_equal(text(".notes"), "\"good\"");
	assert_int_equal(t_api("anna", "GET", "/api/v1/sweeps?tag=a&state=done", NULL,
			       NULL), 200);
	assert_int_equal(json_len(t_api_json(".items")), 1);
	assert_int_equal(t_api("anna", "GET", "/api/v1/sweeps?tag=b", NULL, NULL), 200);
	assert_int_equal(json_len(t_api_json(".items")), 0);
	assert_int_equal(get("bob", id, ""), 404);
	assert_int_equal(verb("bob", "DELETE", id, "", NULL), 404);
	assert_int_equal(verb("vera", "POST", id, "/cancel", NULL), 403);
	assert_int_equal(verb("anna", "POST", id, "/cancel", NULL), 409);
	assert_int_equal(verb("anna", "POST", id, "/resume", NULL), 409);
	assert_int_equal(verb("anna", "DELETE", id, "", NULL), 204);
	assert_int_equal(get("anna", id, ""), 404);
}

static const struct json *cell(const char *p, size_t y, size_t x)
{
	return json_at(json_at(t_api_json(p), y), x);
}

static void heatmap(void **state)
{
	uint64_t id = made(SPACE);
	double best, flat, trades;

	(void)state;
	work_all();
	assert_int_equal(get("anna", id, "/heatmap?x=n&y=m"), 200);
	assert_string_equal(text(".x.values"), "[4,6,8,10,12,14,16,18,20]");
	assert_string_equal(text(".y.values"), "[20,30,40,50,60]");
	assert_string_equal(text(".metric"), "\"sharpe\"");
	assert_int_equal(json_len(t_api_json(".values")), 5);
	/* 14 fails */
	assert_int_equal(json_type(cell(".values", 0, 5)), JSON_NULL);
	assert_true(json_f64(cell(".values", 2, 3), &best));
	assert_true(json_f64(cell(".plateau", 2, 3), &flat));
	assert_true(flat >= 0 && flat <= 1);
	get("anna", id, "/trials?sort=number&limit=100");
	assert_string_equal(text(".items[17].inputs"), "{\"n\":10,\"m\":40}");
	assert_true(num(".items[17].metrics.sharpe") == best);
	get("anna", id, "/heatmap?x=m&y=n&metric=trades");
	assert_true(json_f64(cell(".values", 0, 0), &trades) && trades > 0);
	assert_int_equal(get("anna", id, "/heatmap?x=n&y=n"), 400);
	assert_int_equal(get("anna", id, "/heatmap?x=n&y=on"), 400);
	assert_int_equal(get("anna", id, "/heatmap?x=n&y=m&metric=beauty"), 400);
	assert_int_equal(get("bob", id, "/heatmap?x=n&y=m"), 404);
}

/* What a sweep of the database says is what the library says. */
static void as_the_library(void **state)
{
	uint64_t id = made(SPACE ",\"method\":\"tpe\",\"max_trials\":30,\"seed\":3,"
		"\"walk_forward\":{\"kind\":\"rolling\",\"train\":1000,\"test\":500}");
	struct bt_setup s = { 0 };
	struct market *m = NEW(root, struct market);
	struct opt_data d = { 0 };
	struct opt_fold *f;
	struct opt_result res;
	struct opt_trial *v = NEW_N(root, struct opt_trial, 200);
	struct opt_spec sp;
	const struct json *j;
	struct diags diags;
	struct sweep row;
	struct err err;
	struct sbuf b;
	struct jw w;
	size_t n, k = 0;

	(void)state;
	work_all();
	assert_int_equal(sweep_get(root, t_api_db(), id, &row, &err), 0);
	assert_int_equal(json_parse(root, row.spec, strlen(row.spec), &j, &err), 0);
	assert_int_equal(market_by_id(t_api_db(), btc, m, &err), 0);
	assert_int_equal(bt_setup_script(root, row.source, NULL, NULL, &s, &diags, &err), 0);
	assert_int_equal(opt_spec_read(root, s.prog, j, &sp, &err), 0);
	bt_setup_market(root, m, TF_1H, &s);
	assert_int_equal(bt_setup_candles(root, t_api_db(), btc, TF_1H, row.from,
					  row.to, &s, &err), 0);
	d = (struct opt_data){ .prog = s.prog, .market = s.market, .bars = s.bars,
			       .opt = s.opt };
	assert_int_equal(opt_folds(root, &sp, d.bars.n, &f, &n, &err), 0);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		struct opt_search *q = opt_search_new(root, &sp, i);

		for (size_t t = 0; t < 30; t++) {
			assert_int_equal(opt_eval(root, &d, &sp, &f[i], i, t,
						  opt_ask(q, t), &v[k], &err), 0);
			opt_tell(q, t, v[k++].score);
		}
	}
	assert_int_equal(opt_conclude(root, &d, &sp, v, k, &res, &err), 0);
	get("anna", id, "");
	sbuf_init(&b, root, 1 << 22);
	jw_init(&w, &b);
	opt_statistics_write(&w, &res);
	assert_string_equal(text(".statistics"), sbuf_finish(&b));
	sbuf_init(&b, root, 1 << 22);
	jw_init(&w, &b);
	opt_folds_write(&w, &res);
	assert_string_equal(text(".folds"), sbuf_finish(&b));
	assert_true(num(".out_of_sample.total_return") ==
		    res.out_of_sample.total_return);
	assert_int_equal(num(".trials_done"), 120);
	get("anna", id, "/trials?sort=number&limit=2");
	assert_int_equal(num(".items[0].fold"), 0);
}

/* A worker that dies: its lease runs out, another does the work, and the end
 * is the same. */
static void killed(void **state)
{
	const char *more = SPACE ",\"method\":\"anneal\",\"max_trials\":40,\"seed\":2";
	uint64_t id = made(more);
	const char *want;

	(void)state;
	work_all();
	want = outcome(id);
#ifdef ENABLE_FAULTS
	for (size_t i = 0; i < 2; i++) {
		static const char *const faults[] = { "sweep.run", "sweep.chunk" };

		id = made(more);
		work("one");			/* begins */
		work("one");			/* the first batch */
		/* The next is cut off within a trial, or after its commit. */
		fault_arm_at(faults[i], 1);
		work("one");
		assert_true(fault_struck());
		fault_arm(0);
		t_db_sql("UPDATE job SET due_ms = 0 WHERE state = 'q'");
		work_all();
		assert_string_equal(outcome(id), want);
	}
#endif
	/* The process is gone: nobody gives its job back. */
	id = made(more);
	work("one");
	work("one");
	t_db_sql("UPDATE job SET state = 'r', lease = 77, worker = 'gone', "
		 "attempts = attempts + 1, due_ms = 0 WHERE state = 'q'");
	work_all();
	assert_string_equal(outcome(id), want);
}

/* A worker of its own: a process that takes jobs until there are none. */
static pid_t worker(const char *name, const char *kill_at, unsigned nth)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct arena *a = arena_new("worker", (size_t)2 << 30);
		struct db *db = t_db_open(a);
		struct err err;
		int idle = 0, rc;

		if (kill_at != NULL)
			fault_kill_at(kill_at, nth);
		while (idle < 20) {
			rc = jobs_one(a, t_api_conf(), db, NULL, NULL, name, &err);
			if (rc < 0)
				_exit(1);
			idle = rc > 0 ? 0 : idle + 1;
			if (rc == 0)
				nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
		}
		_exit(0);
	}
	return pid;
}

static bool ended_well(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#ifdef ENABLE_FAULTS
static bool was_killed(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}
#endif

/* Processes: three at once; and one that is killed for good in the middle. */
static void many_processes(void **state)
{
	const char *more = SPACE ",\"method\":\"tpe\",\"max_trials\":40,\"seed\":2,"
		"\"walk_forward\":{\"kind\":\"anchored\",\"train\":1000,\"test\":500}";
	uint64_t id = made(more);
	const char *want;
	pid_t pid[3];

	(void)state;
	work_all();
	want = outcome(id);
	id = made(more);
	for (int i = 0; i < 3; i++)
		pid[i] = worker(&"abc"[i], NULL, 0);
	for (int i = 0; i < 3; i++)
		assert_true(ended_well(pid[i]));
	assert_string_equal(outcome(id), want);
#ifdef ENABLE_FAULTS
	for (unsigned nth = 5; nth < 90; nth += 40) {
		id = made(more);
		pid[0] = worker("victim", "sweep.run", nth);
		assert_true(was_killed(pid[0]));
		get("anna", id, "");
		assert_string_equal(text(".state"), "\"running\"");
		/* What it held is taken when its lease has run out. */
		t_db_sql("UPDATE job SET due_ms = 0 WHERE state = 'r'");
		pid[1] = worker("heir", NULL, 0);
		assert_true(ended_well(pid[1]));
		assert_string_equal(outcome(id), want);
	}
#endif
}

static void stopped_and_continued(void **state)
{
	uint64_t id = made(SPACE), other;
	const char *want;

	(void)state;
	work_all();
	want = outcome(id);
	other = made(SPACE);
	work("one");
	work("one");
	assert_int_equal(verb("anna", "POST", other, "/cancel", NULL), 200);
	assert_string_equal(text(".state"), "\"cancelled\"");
	assert_true(num(".trials_done") > 0);
	work_all();				/* what was queued does nothing */
	get("anna", other, "");
	assert_string_equal(text(".state"), "\"cancelled\"");
	assert_true(num(".trials_done") < 45);
	assert_int_equal(verb("anna", "POST", other, "/resume", NULL), 200);
	assert_string_equal(text(".state"), "\"queued\"");
	work_all();
	assert_string_equal(outcome(other), want);

	/* Deleted while it waits. */
	other = made(SPACE);
	work("one");
	assert_int_equal(verb("anna", "DELETE", other, "", NULL), 204);
	work_all();

	/* All of its jobs are given up. */
	other = made(SPACE);
	work("one");
	t_db_sql("UPDATE job SET state = 'f', unique_name = NULL, error = 'lost' "
		 "WHERE state = 'q'");
	{
		struct err err;

		assert_int_equal(sweep_tidy(t_api_db(), 1, 0, &err), 0);
	}
	get("anna", other, "");
	assert_string_equal(text(".state"), "\"failed\"");
	verb("anna", "POST", other, "/resume", NULL);
	work_all();
	assert_string_equal(outcome(other), want);
}

static void bad(void **state)
{
	static const struct { const char *more, *field; } v[] = {
		{ ",\"space\":[{\"input\":\"zz\",\"min\":1,\"max\":2}]", "space" },
		{ ",\"method\":\"luck\"", "method" },
		{ ",\"objective\":\"beauty\"", "objective" },
		{ SPACE ",\"max_trials\":5", "max_trials" },
		{ ",\"constraints\":[{\"metric\":\"trades\"}]", "constraints" },
		{ ",\"walk_forward\":{\"kind\":\"odd\"}", "walk_forward" },
		{ ",\"inputs\":{\"zz\":1}", "inputs" },
		{ ",\"options\":{\"zz\":1}", "options" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (post("anna", v[i].more) != 400 ||
		    strstr(t_api_body(), arena_printf(root, "\"%s\"", v[i].field)) == NULL)
			fail_msg("%s: %s", v[i].more, t_api_body());
	}
	assert_int_equal(post("vera", SPACE), 403);
	/* Too few bars for its folds: the sweep fails with a sentence. */
	{
		uint64_t id = made(",\"walk_forward\":{\"kind\":\"rolling\",\"train\":"
				   "9000,\"test\":10}");

		work_all();
		get("anna", id, "");
		assert_string_equal(text(".state"), "\"failed\"");
		assert_non_null(strstr(text(".error"), "bars"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(life, fresh, done),
		cmocka_unit_test_setup_teardown(heatmap, fresh, done),
		cmocka_unit_test_setup_teardown(as_the_library, fresh, done),
		cmocka_unit_test_setup_teardown(killed, fresh, done),
		cmocka_unit_test_setup_teardown(many_processes, fresh, done),
		cmocka_unit_test_setup_teardown(stopped_and_continued, fresh, done),
		cmocka_unit_test_setup_teardown(bad, fresh, done),
	};

	t_db_start();
	t_db_schema();
	t_api_start(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
