#include "config.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t_api.h"
#include "t_db.h"
#include "t_market.h"

#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/sha256.h"
#include "ml/registry.h"
#include "ops/job.h"
#include "prog/jobs.h"

/* Models: through the API, by the jobs, what they say, and what refuses. */

#define N_BARS 1500

static struct arena *root;
static struct candles hours;
static uint64_t btc;

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

#define FEATURES "\"features\":[\"return_1\",\"rsi_14\",\"volume_ratio\"]"
#define BOOST "\"kind\":\"boosting\",\"params\":{\"rounds\":6}," FEATURES
#define DENSE "\"kind\":\"dense\",\"window\":4,\"layout\":\"dense 8 relu, dense 3\"," \
	"\"params\":{\"epochs\":6}," FEATURES

static int post(const char *who, const char *name, const char *what)
{
	return t_api(who, "POST", "/api/v1/models", arena_printf(root,
		     "{\"name\":\"%s\",\"market_id\":%llu,\"tf\":\"1h\",%s}", name,
		     (unsigned long long)btc, what), NULL);
}

static uint64_t made(const char *name, const char *what)
{
	if (post("anna", name, what) != 201)
		fail_msg("%s", t_api_body());
	return (uint64_t)t_api_int(".id");
}

static int verb(const char *who, const char *method, uint64_t id, const char *rest,
		const char *body)
{
	return t_api(who, method, arena_printf(root, "/api/v1/models/%llu%s",
		     (unsigned long long)id, rest), body, NULL);
}

static int get(uint64_t id, const char *rest)
{
	return verb("anna", "GET", id, rest, NULL);
}

static int work(void)
{
	struct err err;
	int rc = jobs_one(root, t_api_conf(), t_api_db(), NULL, NULL, "w", &err);

	if (rc < 0)
		fail_msg("%s", err.msg);
	return rc;
}

static uint64_t trained(const char *name, const char *what)
{
	uint64_t id = made(name, what);

	assert_int_equal(work(), 1);
	assert_int_equal(get(id, ""), 200);
	if (strcmp(t_api_text(".state"), "candidate") != 0)
		fail_msg("%s", t_api_body());
	return id;
}

static void promote(uint64_t id)
{
	if (verb("anna", "POST", id, "/promote", NULL) != 200)
		fail_msg("%s", t_api_body());
	assert_string_equal(t_api_text(".state"), "active");
}

static double num(const char *p)
{
	double v = NAN;

	if (!json_f64(t_api_json(p), &v))
		fail_msg("%s is no number in %s", p, t_api_body());
	return v;
}

/* ---- asked for, trained, shown ------------------------------------------------- */

static void what_can_be_trained_is_listed(void **state)
{
	(void)state;
	assert_int_equal(t_api("vera", "GET", "/api/v1/models/kinds", NULL, NULL), 200);
	assert_non_null(t_api_text(".kinds[0].name"));
	assert_non_null(t_api_text(".kinds[0].params[0].doc"));
	assert_non_null(t_api_text(".features[0].formula"));
	assert_string_equal(t_api_text(".labels[0].kind"), "next");
	assert_string_equal(t_api_text(".labels[3].kind"), "return");
}

static void a_model_is_trained_and_judged(void **state)
{
	uint64_t id = made("trend", DENSE ",\"seed\":7,\"notes\":\"mine\","
		"\"label\":{\"kind\":\"bars\",\"bars\":3,\"threshold\":0.002}");
	double p;

	(void)state;
	assert_string_equal(t_api_text(".state"), "queued");
	assert_string_equal(t_api_text(".label.kind"), "bars");
	assert_int_equal(t_api_int(".seed"), 7);
	assert_int_equal(t_api_int(".train_from"), T_START);
	assert_int_equal(t_api_int(".test_to"), T_START + N_BARS * T_HOUR);
	assert_int_equal(get(id, "/evaluation"), 409);
	assert_int_equal(get(id, "/export"), 409);
	assert_int_equal(work(), 1);
	assert_int_equal(get(id, ""), 200);
	assert_string_equal(t_api_text(".state"), "candidate");
	assert_true(num(".progress") == 1);
	assert_non_null(t_api_text(".verdict"));
	assert_int_equal(strlen(t_api_text(".checksum")), 64);
	assert_true(t_api_int(".size") > 0);
	p = num(".metrics.accuracy.value");
	assert_true(p > 0 && p <= 1);
	assert_true(num(".metrics.accuracy.low") <= p && p <= num(".metrics.accuracy.high"));
	assert_int_equal(get(id, "/curve"), 200);
	assert_int_equal(t_api_int(".epoch[0]"), 1);
	assert_true(json_len(t_api_json(".epoch")) >= 1);
	assert_int_equal(json_len(t_api_json(".train_loss")), json_len(t_api_json(".epoch")));
	assert_int_equal(get(id, "/evaluation"), 200);
	assert_true(t_api_int(".samples") > 100);
	assert_int_equal(json_len(t_api_json(".confusion")), 3);
	assert_int_equal(json_len(t_api_json(".importance")), 3);
	assert_null(t_api_text(".search"));
}

static void a_search_takes_the_best_of_several(void **state)
{
	uint64_t id = trained("found", "\"kind\":\"dense\",\"window\":4,"
		"\"params\":{\"epochs\":4}," FEATURES ",\"search\":{\"trials\":4,"
		"\"layouts\":[\"dense 4 relu, dense 3\",\"dense 8 relu, dense 3\"],"
		"\"rates\":[0.01,0.001]}");
	size_t chosen = 0, n;

	(void)state;
	assert_int_equal(get(id, "/evaluation"), 200);
	n = json_len(t_api_json(".search"));
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		chosen += strcmp(t_api_text(arena_printf(root, ".search[%zu].state", i)),
				 "chosen") == 0;
	assert_int_equal(chosen, 1);
}

static void what_cannot_be_trained_is_refused_by_name(void **state)
{
	static const struct { const char *what, *field; } v[] = {
		{ "\"kind\":\"crystal_ball\"", "kind" },
		{ "\"kind\":\"boosting\",\"params\":{\"magic\":1}", "params" },
		{ "\"kind\":\"boosting\",\"features\":[\"moon_phase\"]", "features" },
		{ "\"kind\":\"dense\",\"layout\":\"dense 8 relu, warp 9, dense 3\",\"window\":4,"
		  FEATURES, "layout" },
		{ "\"kind\":\"lstm\",\"layout\":\"lstm 16, dense 3\",\"window\":4,"
		  FEATURES, "layout" },
		{ "\"kind\":\"dense\",\"window\":4,\"search\":{\"trials\":2,\"layouts\":"
		  "[\"dense 4 relu, dense 3\",\"dense 4 purple, dense 3\"]}," FEATURES,
		  "layout" },
		{ "\"kind\":\"boosting\",\"label\":{\"kind\":\"moon\"}", "label" },
		{ "\"kind\":\"boosting\",\"search\":{\"trials\":100000}", "search" },
		{ "\"kind\":\"boosting\",\"train_to\":1", "train_to" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		int status = post("anna", "x", v[i].what);

		if (status != 400 ||
		    strcmp(t_api_text(".errors[0].field"), v[i].field) != 0)
			fail_msg("%s: %d %s", v[i].what, status, t_api_body());
	}
	assert_int_equal(post("vera", "x", BOOST), 403);
	assert_int_equal(t_api("anna", "POST", "/api/v1/models",
			 "{\"name\":\"x\",\"kind\":\"boosting\",\"tf\":\"1h\","
			 "\"market_id\":99}", NULL), 400);
	t_api_conf()->model_queue = 2;
	while (work() > 0)
		;
	(void)made("x", BOOST);
	(void)made("y", BOOST);
	assert_int_equal(post("anna", "z", BOOST), 422);
	assert_int_equal(post("bob", "z", BOOST), 201);
}

static void others_see_nothing_of_it(void **state)
{
	uint64_t id = trained("mine", BOOST);
	static const char *const verbs[] = { "/cancel", "/resume", "/promote", "/retire" };

	(void)state;
	assert_int_equal(verb("bob", "GET", id, "", NULL), 404);
	assert_int_equal(verb("bob", "GET", id, "/curve", NULL), 404);
	assert_int_equal(verb("bob", "GET", id, "/evaluation", NULL), 404);
	assert_int_equal(verb("bob", "GET", id, "/export", NULL), 404);
	assert_int_equal(verb("bob", "POST", id, "/predict", "{}"), 404);
	assert_int_equal(verb("bob", "PATCH", id, "", "{\"notes\":\"x\"}"), 404);
	assert_int_equal(verb("bob", "DELETE", id, "", NULL), 404);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		assert_int_equal(verb("bob", "POST", id, verbs[i], NULL), 404);
	assert_int_equal(t_api("bob", "GET", "/api/v1/models", NULL, NULL), 200);
	assert_int_equal(json_len(t_api_json(".items")), 0);
	assert_int_equal(t_api("anna", "GET", "/api/v1/models?state=candidate&kind=boosting",
			       NULL, NULL), 200);
	assert_int_equal(json_len(t_api_json(".items")), 1);
	assert_int_equal(verb("vera", "POST", id, "/promote", NULL), 403);
}

/* ---- in use ------------------------------------------------------------------------ */

static void one_of_a_name_is_in_use(void **state)
{
	uint64_t a = trained("trend", BOOST), b = trained("trend", BOOST ",\"seed\":2");
	uint64_t c = made("trend", BOOST);
	uint64_t generation = board_generation(GEN_MODELS);

	(void)state;
	assert_int_equal(verb("anna", "POST", c, "/promote", NULL), 409);
	promote(a);
	assert_int_equal(t_api_int(".generation"), 1);
	assert_true(board_generation(GEN_MODELS) > generation);
	assert_int_equal(verb("anna", "POST", a, "/promote", NULL), 409);
	promote(b);
	assert_int_equal(t_api_int(".generation"), 2);
	assert_int_equal(get(a, ""), 200);
	assert_string_equal(t_api_text(".state"), "retired");
	promote(a);			/* back again */
	assert_int_equal(t_api_int(".generation"), 3);
	assert_int_equal(verb("anna", "DELETE", a, "", NULL), 409);
	assert_int_equal(verb("anna", "PATCH", a, "", "{\"name\":\"other\"}"), 409);
	assert_int_equal(verb("anna", "PATCH", a, "",
			      "{\"notes\":\"n\",\"retrain_days\":30}"), 200);
	assert_int_equal(t_api_int(".retrain_days"), 30);
	assert_int_equal(verb("anna", "POST", a, "/retire", NULL), 200);
	assert_string_equal(t_api_text(".state"), "retired");
	assert_int_equal(verb("anna", "POST", a, "/retire", NULL), 409);
	assert_int_equal(verb("anna", "DELETE", a, "", NULL), 204);
	assert_int_equal(verb("anna", "PATCH", c, "", "{\"name\":\"other\"}"), 200);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM model_active WHERE model_id"
				  " IS NOT NULL"), 0);
	assert_int_equal(t_db_int("SELECT number FROM model_generation"), 4);
}

static int ask(uint64_t id, const char *body)
{
	return verb("vera", "POST", id, "/predict", body) == 404 ?
		verb("anna", "POST", id, "/predict", body) : -1;
}

static void a_model_says_what_it_thinks_and_why(void **state)
{
	uint64_t id = trained("trend", BOOST);
	double sum, first;

	(void)state;
	if (ask(id, "{}") != 200)
		fail_msg("%s", t_api_body());
	assert_int_equal(t_api_int(".bar_time"), T_START + (N_BARS - 1) * T_HOUR);
	sum = num(".probabilities.buy") + num(".probabilities.hold") +
		num(".probabilities.sell");
	assert_true(fabs(sum - 1) < 1e-5);
	first = num(".probabilities.buy");
	assert_true(num(".confidence") > 0 && num(".confidence") <= 1);
	assert_non_null(t_api_text(".indicators.rsi_14"));
	assert_true(json_len(t_api_json(".reasons")) >= 1);
	assert_non_null(t_api_text(".reasons[0].sentence"));
	assert_int_equal(t_api_int(".model.id"), (int64_t)id);
	/* the same again, and then */
	assert_int_equal(ask(id, "{}"), 200);
	assert_true(num(".probabilities.buy") == first);
	assert_int_equal(ask(id, arena_printf(root, "{\"market_id\":%llu,\"at\":%lld}",
			 (unsigned long long)btc,
			 (long long)(T_START + 1000 * T_HOUR + 1))), 200);
	assert_int_equal(t_api_int(".bar_time"), T_START + 1000 * T_HOUR);
	assert_int_equal(ask(id, arena_printf(root, "{\"at\":%lld}",
			 (long long)(T_START + 3 * T_HOUR))), 422);
	assert_int_equal(ask(id, "{\"market_id\":99}"), 422);
	assert_int_equal(ask(id, "{\"features\":[[0.01,0.5,1]]}"), 200);
	assert_int_equal(ask(id, "{\"features\":[[0.01,0.5]]}"), 400);
	assert_int_equal(ask(id, "{\"features\":[[0.01,0.5,\"x\"]]}"), 400);
	assert_int_equal(ask(id, "{\"features\":[]}"), 400);
	assert_int_equal(ask(id, "{\"features\":[[0.01,0.5,1]],\"at\":1}"), 400);
}

/* Once a model is at hand, features cost no statement but the session's. */
static void asking_again_asks_no_database(void **state)
{
	uint64_t id = trained("trend", BOOST);

	(void)state;
	assert_int_equal(verb("anna", "POST", id, "/predict",
			      "{\"features\":[[0.01,0.5,1]]}"), 200);
	t_api_remember(true);
	assert_int_equal(verb("anna", "POST", id, "/predict",
			      "{\"features\":[[0.01,0.5,1]]}"), 200);
	assert_int_equal(verb("anna", "POST", id, "/predict",
			      "{\"features\":[[0.01,0.5,1]]}"), 200);
	assert_int_equal(t_api_statements(), 0);
}

static void a_retired_one_is_answered_for_by_the_one_in_use(void **state)
{
	uint64_t a = trained("trend", BOOST), b = trained("trend", BOOST ",\"seed\":2");

	(void)state;
	promote(a);
	assert_int_equal(ask(a, "{}"), 200);
	assert_int_equal(t_api_int(".model.id"), (int64_t)a);
	assert_int_equal(t_api_int(".model.generation"), 1);
	promote(b);
	assert_int_equal(ask(a, "{}"), 200);
	assert_int_equal(t_api_int(".model.id"), (int64_t)b);
	assert_int_equal(t_api_int(".model.generation"), 2);
	assert_int_equal(verb("anna", "POST", b, "/retire", NULL), 200);
	assert_int_equal(ask(a, "{}"), 409);
	assert_non_null(strstr(t_api_text(".detail"), "is retired"));
}

static const char *cached(const char *sum)
{
	return arena_printf(root, "%s/%s.safetensors", t_api_conf()->model_dir, sum);
}

static void damage(const char *path)
{
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	assert_int_equal(fseek(f, -3, SEEK_END), 0);
	assert_int_equal(fputc('!', f), '!');
	assert_int_equal(fclose(f), 0);
}

static void what_cannot_be_asked_says_why(void **state)
{
	uint64_t id = made("trend", BOOST), broken = board_counter(BC_ML_BROKEN),
		stale = board_counter(BC_ML_STALE), missing = board_counter(BC_ML_MISSING);
	const char *sum;

	(void)state;
	assert_int_equal(ask(id, "{}"), 409);
	assert_non_null(strstr(t_api_text(".detail"), "is not trained: it is queued"));
	assert_int_equal(ask(9999, "{}"), 404);
	assert_true(board_counter(BC_ML_MISSING) > missing);
	work();
	model_changed();
	assert_int_equal(ask(id, "{}"), 200);
	assert_int_equal(get(id, ""), 200);
	sum = t_api_text(".checksum");
	assert_int_equal(access(cached(sum), R_OK), 0);
	/* stale */
	t_api_conf()->model_max_age = 30 * 86400;
	t_db_sql("UPDATE model SET trained_ms = trained_ms - %lld", 32 * (long long)T_DAY);
	model_changed();
	assert_int_equal(ask(id, "{}"), 409);
	assert_non_null(strstr(t_api_text(".detail"), "is stale: it was trained 31 days ago"));
	assert_int_equal(board_counter(BC_ML_STALE), stale + 1);
	t_api_conf()->model_max_age = 0;
	/* a damaged file on this host is fetched again */
	damage(cached(sum));
	t_api_fresh_worker();
	assert_int_equal(ask(id, "{}"), 200);
	/* one that is damaged in the database too cannot be asked */
	damage(cached(sum));
	t_db_sql("UPDATE model_part SET data = INSERT(data, LENGTH(data) - 3, 1, '!')");
	t_api_fresh_worker();
	assert_int_equal(ask(id, "{}"), 409);
	assert_non_null(strstr(t_api_text(".detail"), "is broken"));
	assert_int_equal(board_counter(BC_ML_BROKEN), broken + 1);
}

/* ---- files ---------------------------------------------------------------------------- */

static void a_model_goes_out_and_comes_in(void **state)
{
	uint64_t id = trained("trend", BOOST), copy;
	const char *sum = t_api_text(".checksum");
	struct str file;
	double p;

	(void)state;
	assert_int_equal(ask(id, "{}"), 200);
	p = num(".probabilities.buy");
	assert_int_equal(get(id, "/export"), 200);
	file = str_n(str_dup(root, t_api_bytes()), t_api_bytes().n);
	assert_int_equal(file.n, (size_t)t_db_int("SELECT size FROM model"));
	t_api_send(file.p, file.n);
	if (t_api("anna", "POST", "/api/v1/models/import?name=copy", NULL, NULL) != 201)
		fail_msg("%s", t_api_body());
	copy = (uint64_t)t_api_int(".id");
	assert_string_equal(t_api_text(".checksum"), sum);
	assert_string_equal(t_api_text(".name"), "copy");
	assert_string_equal(t_api_text(".state"), "candidate");
	assert_int_equal(t_api_int(".market.id"), (int64_t)btc);
	assert_int_equal(ask(copy, "{}"), 200);
	assert_true(num(".probabilities.buy") == p);
	assert_int_equal(get(copy, "/evaluation"), 409);
	promote(copy);
	/* whatever else is sent is refused with a sentence */
	t_api_send(file.p, file.n - 1);
	assert_int_equal(t_api("anna", "POST", "/api/v1/models/import", NULL, NULL), 422);
	t_api_send("hello", 5);
	assert_int_equal(t_api("anna", "POST", "/api/v1/models/import", NULL, NULL), 422);
	assert_int_equal(t_api("anna", "POST", "/api/v1/models/import", "{}", NULL), 415);
	t_api_send(file.p, file.n);
	assert_int_equal(t_api("anna", "POST", "/api/v1/models/import?market_id=99", NULL,
			       NULL), 400);
	t_api_send(file.p, file.n);
	assert_int_equal(t_api("vera", "POST", "/api/v1/models/import", NULL, NULL), 403);
	assert_int_equal(t_api("anna", "POST", "/api/v1/models/import", NULL,
			       "CONTENT_TYPE=application/octet-stream",
			       "CONTENT_LENGTH=99999999", NULL), 413);
}

/* ---- cut off ---------------------------------------------------------------------------- */

static void a_training_may_be_stopped_and_continued(void **state)
{
	uint64_t whole = trained("a", DENSE), id;
	const char *sum = t_api_text(".checksum");

	(void)state;
	id = made("a", DENSE);
	assert_int_equal(verb("anna", "POST", id, "/cancel", NULL), 200);
	assert_string_equal(t_api_text(".state"), "cancelled");
	assert_int_equal(verb("anna", "POST", id, "/cancel", NULL), 409);
	while (work() > 0)
		;
	assert_int_equal(verb("anna", "POST", id, "/resume", NULL), 200);
	assert_string_equal(t_api_text(".state"), "queued");
	assert_int_equal(verb("anna", "POST", id, "/resume", NULL), 409);
	while (work() > 0)
		;
	assert_int_equal(get(id, ""), 200);
	assert_string_equal(t_api_text(".state"), "candidate");
	assert_string_equal(t_api_text(".checksum"), sum);
	assert_int_equal(verb("anna", "POST", whole, "/resume", NULL), 409);
	/* deleted while it waits: its job finds nothing to do */
	id = made("a", DENSE);
	assert_int_equal(verb("anna", "DELETE", id, "", NULL), 204);
	assert_int_equal(work(), 1);
}

#ifdef ENABLE_FAULTS
/* A worker that is killed leaves a checkpoint; whoever comes next goes on from
 * it and makes the same file, byte for byte. */
static void a_killed_training_goes_on_to_the_same_bytes(void **state)
{
	uint64_t whole = trained("a", DENSE), id;
	const char *sum = t_api_text(".checksum");
	int64_t curve = t_db_int("SELECT COUNT(*) FROM model_point");
	int status;
	pid_t pid;

	(void)state;
	(void)whole;
	id = made("a", DENSE);
	pid = fork();
	if (pid == 0) {
		struct arena *a = arena_new("worker", (size_t)2 << 30);
		struct db *db = t_db_open(a);
		struct err err;

		/* in the middle of the epochs, behind the checkpoint */
		fault_kill_at("model.step", 6);
		(void)!jobs_one(a, t_api_conf(), db, NULL, NULL, "doomed", &err);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(get(id, ""), 200);
	assert_string_equal(t_api_text(".state"), "training");
	assert_true(t_db_int("SELECT COUNT(*) FROM model_checkpoint") > 0);
	t_db_sql("UPDATE job SET due_ms = 0 WHERE state = 'r'");
	assert_int_equal(work(), 1);
	assert_int_equal(get(id, ""), 200);
	assert_string_equal(t_api_text(".state"), "candidate");
	assert_string_equal(t_api_text(".checksum"), sum);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM model_point WHERE model_id = %llu",
				  (unsigned long long)id), curve);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM model_checkpoint"), 0);
}

static void every_fault_leaves_the_same_model(void **state)
{
	static const char *const faults[] = { "model.step", "model.kept", "model.done" };
	uint64_t id = trained("a", DENSE);
	const char *sum = t_api_text(".checksum");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		id = made("a", DENSE);
		fault_arm_at(faults[i], i == 0 ? 4 : 1);
		work();
		assert_true(fault_struck());
		fault_arm(0);
		t_db_sql("UPDATE job SET due_ms = 0 WHERE state = 'q'");
		work();
		assert_int_equal(get(id, ""), 200);
		assert_string_equal(t_api_text(".state"), "candidate");
		assert_string_equal(t_api_text(".checksum"), sum);
	}
}
#endif

static void a_job_that_was_given_up_fails_its_model(void **state)
{
	uint64_t id = made("a", BOOST), job;
	struct err err;

	(void)state;
	t_db_sql("UPDATE job SET state = 'f', error = 'lost', unique_name = NULL");
	if (job_enqueue(t_api_db(), "model_tidy", 0, "{}", "x", 0, &job, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(work(), 1);
	assert_int_equal(get(id, ""), 200);
	assert_string_equal(t_api_text(".state"), "failed");
	assert_non_null(strstr(t_api_text(".error"), "given up"));
	assert_int_equal(verb("anna", "POST", id, "/resume", NULL), 200);
	assert_int_equal(work(), 1);
	assert_int_equal(get(id, ""), 200);
	assert_string_equal(t_api_text(".state"), "candidate");
}

/* ---- watched over ------------------------------------------------------------------------- */

static void do_job(const char *kind)
{
	uint64_t job;
	struct err err;

	if (job_enqueue(t_api_db(), kind, 0, "{}", kind, 0, &job, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(work(), 1);
	assert_null(t_db_query("SELECT error FROM job WHERE id = %llu",
			       (unsigned long long)job));
}

static void an_old_one_is_trained_anew(void **state)
{
	const char *range = arena_printf(root, BOOST ",\"retrain_days\":10,"
		"\"test_to\":%lld", (long long)(T_START + 1200 * T_HOUR));
	uint64_t id = trained("trend", range), child;
	bool took;

	(void)state;
	promote(id);
	do_job("model_retrain");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM model"), 1);	/* not due */
	t_db_sql("UPDATE model SET trained_ms = trained_ms - %lld", 11 * (long long)T_DAY);
	do_job("model_retrain");
	do_job("model_retrain");					/* once is enough */
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM model"), 2);
	child = (uint64_t)t_db_int("SELECT id FROM model WHERE parent_id = %llu",
				   (unsigned long long)id);
	assert_int_equal(work(), 1);
	assert_int_equal(get(child, ""), 200);
	assert_int_equal(t_api_int(".test_to"), T_START + N_BARS * T_HOUR);
	assert_int_equal(t_api_int(".train_from"), T_START + 300 * T_HOUR);
	assert_non_null(strstr(t_api_text(".verdict"), "Against model"));
	took = strstr(t_api_text(".verdict"), "takes its place") != NULL;
	assert_string_equal(t_api_text(".state"), took ? "active" : "candidate");
	assert_int_equal(get(id, ""), 200);
	assert_string_equal(t_api_text(".state"), took ? "retired" : "active");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM app_log WHERE message LIKE"
				  " '%%was trained anew%%'"), 1);
}

static void a_market_that_moves_away_is_noticed(void **state)
{
	uint64_t id = trained("trend", BOOST);
	struct candles far;
	struct err err;
	double before;

	(void)state;
	promote(id);
	do_job("model_drift");
	assert_int_equal(get(id, ""), 200);
	before = num(".drift.psi");
	t_db_sql("UPDATE model SET drift = 's'");
	t_db_sql("DELETE FROM app_log");
	/* the same walk, ten times as wild, and traded ten times as much */
	candles_alloc(root, &far, 1200);
	for (size_t i = 0; i < far.n; i++) {
		double o = i == 0 ? hours.c[N_BARS - 1] : far.c[i - 1];
		double move = 1 + 0.05 * ((double)((i * 7919) % 13) / 6 - 1);
		struct candle c = { T_START + (int64_t)(N_BARS + i) * T_HOUR, o,
			floor(o * move + o) + 1, 1, floor(o * move) + 1,
			100000.0 * (double)(1 + i % 5) };

		c.h = c.h > c.c ? c.h : c.c;
		candles_set(&far, i, &c);
	}
	if (candles_append(t_api_db(), btc, TF_1H, &far, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	do_job("model_drift");
	do_job("model_drift");
	assert_int_equal(get(id, ""), 200);
	assert_string_equal(t_api_text(".drift.state"), "drifted");
	assert_true(num(".drift.psi") > 0.25 && num(".drift.psi") > before);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM app_log WHERE message LIKE"
				  " '%%has moved away%%'"), 1);	/* said once */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, done)
	const struct CMUnitTest tests[] = {
		T(what_can_be_trained_is_listed), T(a_model_is_trained_and_judged),
		T(a_search_takes_the_best_of_several),
		T(what_cannot_be_trained_is_refused_by_name),
		T(others_see_nothing_of_it), T(one_of_a_name_is_in_use),
		T(a_model_says_what_it_thinks_and_why),
		T(asking_again_asks_no_database),
		T(a_retired_one_is_answered_for_by_the_one_in_use),
		T(what_cannot_be_asked_says_why), T(a_model_goes_out_and_comes_in),
		T(a_training_may_be_stopped_and_continued),
#ifdef ENABLE_FAULTS
		T(a_killed_training_goes_on_to_the_same_bytes),
		T(every_fault_leaves_the_same_model),
#endif
		T(a_job_that_was_given_up_fails_its_model),
		T(an_old_one_is_trained_anew), T(a_market_that_moves_away_is_noticed),
	};

	t_db_start();
	t_db_schema();
	t_api_start(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
