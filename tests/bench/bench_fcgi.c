/* bench_fcgi - the web path with nothing of the product on it: what a request
 * costs before it does anything, and with one and a hundred rows.
 *
 *	bench_fcgi -c orch.conf [-w WORKERS] [-t DEADLINE_MS] [-q]
 *
 * listens on run_dir/api.sock.  Also answers what the tests of the loop under
 * load need: /pid, /sleep?ms, /crash, /ignore (a body nobody reads). */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/rand.h"
#include "db/db.h"
#include "fcgi/fcgi.h"
#include "json/json.h"
#include "proc/proc.h"

#define ROWS 10000

struct bench {
	const struct conf *conf;
	struct db *db;
	struct rng rng;
	bool log;
};

static int64_t some_id(struct bench *b)
{
	return (int64_t)rng_below(&b->rng, ROWS - 100) + 1;
}

static void row_json(struct jw *w, const struct rows *r, size_t i)
{
	static const char *const keys[] = { "o", "h", "l", "c", "v" };

	jw_obj(w);
	jw_ki64(w, "ts", row_i64(r, i, 0));
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		jw_kf64(w, keys[k], row_f64(r, i, k + 1));
	jw_obj_end(w);
}

static int rows(struct bench *b, struct request *rq, struct answer *an,
		enum stmt q)
{
	struct rows r;
	struct err err;
	struct jw w;

	if (db_select(rq->arena, b->db, q, ARGS(V_I64(some_id(b))), &r,
		      &err) < 0) {
		log_error(NULL, "%s", err.msg);
		return -1;
	}
	jw_init(&w, &an->body);
	if (q == Q_BENCH_ROW) {
		row_json(&w, &r, 0);
		return 0;
	}
	jw_arr(&w);
	for (size_t i = 0; i < r.n; i++)
		row_json(&w, &r, i);
	jw_arr_end(&w);
	return 0;
}

static int handle(void *ctx, struct request *rq, struct answer *an)
{
	static const char hello[] = "{\"hello\":\"world\",\"status\":\"ok\"}";
	struct bench *b = ctx;
	struct str body;
	uint64_t ms;
	struct err err;

	an->type = "application/json";
	if (strcmp(rq->path, "/api/hello") == 0) {
		sbuf_add(&an->body, hello, sizeof(hello) - 1);
	} else if (strcmp(rq->path, "/api/row") == 0) {
		return rows(b, rq, an, Q_BENCH_ROW);
	} else if (strcmp(rq->path, "/api/rows") == 0) {
		return rows(b, rq, an, Q_BENCH_ROWS);
	} else if (strcmp(rq->path, "/api/pid") == 0) {
		sbuf_add_u64(&an->body, (uint64_t)getpid());
	} else if (strcmp(rq->path, "/api/sleep") == 0) {
		if (str_u64(rq->query, &ms))
			clock_sleep_ms((int64_t)ms);
		sbuf_add_u64(&an->body, (uint64_t)getpid());
	} else if (strcmp(rq->path, "/api/crash") == 0) {
		abort();
	} else if (strcmp(rq->path, "/api/echo") == 0) {
		if (request_body(rq, 1 << 20, &body, &err) < 0)
			return -1;
		sbuf_add_u64(&an->body, body.n);
	} else if (strcmp(rq->path, "/api/ignore") == 0) {
		sbuf_add_cstr(&an->body, "ignored");
	} else {
		an->status = 404;
	}
	return 0;
}

static int worker(void *ctx, struct proc_self *self)
{
	struct bench *b = ctx;
	struct arena *a = arena_new("worker", 64 << 20);
	const struct fcgi_opts o = { .handle = handle, .ctx = b,
				     .slow_ms = 1000, .access_log = b->log };

	rng_seed(&b->rng, (uint64_t)getpid());
	b->db = db_new(a, b->conf);
	return fcgi_serve(&o, self);
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new("bench", 64 << 20);
	struct bench b = { .log = true };
	const char *file = NULL;
	struct proc_role role = { .name = "worker", .role = ROLE_WORKER,
		.count = 4, .main = worker, .ctx = &b, .listens = true };
	struct proc_conf pc = { .program = "bench_fcgi", .role = ROLE_API,
		.drain_ms = 10000, .roles = &role, .n_roles = 1,
		.backlog = 1024 };
	struct conf *conf;
	struct err err;
	int o;

	while ((o = getopt(argc, argv, "c:w:t:q")) != -1) {
		if (o == 'c')
			file = optarg;
		else if (o == 'w')
			role.count = (unsigned)strtoul(optarg, NULL, 10);
		else if (o == 't')
			role.deadline_ms = strtol(optarg, NULL, 10);
		else if (o == 'q')
			b.log = false;
		else
			return 64;
	}
	if (conf_load(a, file, &conf, &err) < 0)
		goto failed;
	conf_log_init(conf, "bench_fcgi");
	b.conf = conf;
	pc.pid_file = arena_printf(a, "%s/bench.pid", conf->run_dir);
	pc.listen_path = arena_printf(a, "%s/api.sock", conf->run_dir);
	if (board_open(a, arena_printf(a, "%s/board", conf->run_dir), &pc.board,
		       &err) < 0 || proc_run(&pc, &err) < 0)
		goto failed;
	return 0;
failed:
	log_error(NULL, "%s", err.msg);
	return 1;
}
