#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "ops/ops_i.h"

struct figure { const char *name, *labels, *help; };

/* One # HELP and # TYPE for all rows of a family, which stand together. */
static void family(struct sbuf *b, const struct figure *f, size_t i,
		   const char *type)
{
	if (i > 0 && strcmp(f[i].name, f[i - 1].name) == 0)
		return;
	sbuf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", f[i].name, f[i].help,
		  f[i].name, type);
}

static void head(struct sbuf *b, const char *name, const char *type,
		 const char *help)
{
	const struct figure f = { name, "", help };

	family(b, &f, 0, type);
}

static void sample(struct sbuf *b, const struct figure *f)
{
	sbuf_add_cstr(b, f->name);
	if (f->labels[0] != '\0')
		sbuf_addf(b, "{%s}", f->labels);
	sbuf_add_c(b, ' ');
}

static void hist_text(struct sbuf *b, const char *name, const char *labels,
		      const struct hist_view *v)
{
	const char *comma = labels[0] != '\0' ? "," : "";
	uint64_t sum = 0;

	for (unsigned i = 0; i < BOARD_BUCKETS - 1; i++) {
		sum += v->bucket[i];
		sbuf_addf(b, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name,
			  labels, comma, (double)board_bounds_ns[i] / 1e9, sum);
	}
	sbuf_addf(b, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels,
		  comma, v->count);
	if (labels[0] != '\0')
		sbuf_addf(b, "%s_sum{%s} %.9g\n%s_count{%s} %" PRIu64 "\n",
			  name, labels, (double)v->sum_ns / 1e9, name, labels,
			  v->count);
	else
		sbuf_addf(b, "%s_sum %.9g\n%s_count %" PRIu64 "\n", name,
			  (double)v->sum_ns / 1e9, name, v->count);
}

static void text_tables(struct sbuf *b)
{
#define X(id, name, labels, help) { name, labels, help },
	static const struct figure counters[] = { BOARD_COUNTERS(X) };
	static const struct figure slots[] = { BOARD_SLOT_GAUGES(X) };
	static const struct figure gauges[] = { BOARD_GAUGES(X) };
	static const struct figure hists[] = { BOARD_HISTS(X) };
#undef X

	for (size_t i = 0; i < BC__MAX; i++) {
		family(b, counters, i, "counter");
		sample(b, &counters[i]);
		sbuf_addf(b, "%" PRIu64 "\n",
			  board_counter((enum board_counter)i));
	}
	for (size_t i = 0; i < BS__MAX; i++) {
		family(b, slots, i, "gauge");
		sample(b, &slots[i]);
		sbuf_addf(b, "%" PRId64 "\n",
			  board_slot_gauge_sum((enum board_slot_gauge)i));
	}
	for (size_t i = 0; i < BG__MAX; i++) {
		family(b, gauges, i, "gauge");
		sample(b, &gauges[i]);
		sbuf_addf(b, "%" PRId64 "\n",
			  board_gauge((enum board_gauge)i));
	}
	for (size_t i = 0; i < BH__MAX; i++) {
		struct hist_view v;

		board_hist((enum board_hist)i, &v);
		family(b, hists, i, "histogram");
		hist_text(b, hists[i].name, hists[i].labels, &v);
	}
}

/* Rows of the route table that share a template (one per method) are one
 * series: the next row of the same name, or BOARD_ROUTES. */
static unsigned same_route(const struct board *board, unsigned r,
			   const char *name)
{
	for (r++; r < BOARD_ROUTES; r++) {
		const char *other = board_route(board, r);

		if (other != NULL && strcmp(other, name) == 0)
			break;
	}
	return r;
}

static bool first_of_name(const struct board *board, unsigned r)
{
	const char *name = board_route(board, r);

	if (name == NULL)
		return false;
	for (unsigned i = 0; i < r; i++) {
		const char *other = board_route(board, i);

		if (other != NULL && strcmp(other, name) == 0)
			return false;
	}
	return true;
}

/* Templates come from our own table: no quote or backslash is in them. */
static void text_route_counts(struct sbuf *b, const struct board *board,
			      unsigned route, const char *name,
			      enum http_method m, unsigned c)
{
	uint64_t n = 0;

	for (unsigned r = route; r < BOARD_ROUTES;
	     r = same_route(board, r, name))
		n += board_http_count(board, r, m, c);
	if (n == 0)
		return;
	sbuf_addf(b, "http_requests_total{method=\"%s\",route=\"%s\",code=\"",
		  http_method_name(m), name);
	if (board_codes[c] != 0)
		sbuf_addf(b, "%d", board_codes[c]);
	else
		sbuf_add_cstr(b, "other");
	sbuf_addf(b, "\"} %" PRIu64 "\n", n);
}

static void text_route_hist(struct sbuf *b, const struct board *board,
			    unsigned route, const char *name)
{
	struct hist_view sum = { .count = 0 }, v;
	char labels[BOARD_TEMPLATE + 16];

	for (unsigned r = route; r < BOARD_ROUTES;
	     r = same_route(board, r, name)) {
		board_http_hist(board, r, &v);
		for (unsigned i = 0; i < BOARD_BUCKETS; i++)
			sum.bucket[i] += v.bucket[i];
		sum.count += v.count;
		sum.sum_ns += v.sum_ns;
	}
	if (sum.count == 0)
		return;
	snprintf(labels, sizeof(labels), "route=\"%s\"", name);
	hist_text(b, "http_request_duration_seconds", labels, &sum);
}

static void text_http(struct sbuf *b, const struct board *board)
{
	head(b, "http_requests_total", "counter", "Requests answered");
	for (unsigned r = 0; r < BOARD_ROUTES; r++) {
		if (!first_of_name(board, r))
			continue;
		for (unsigned i = 0; i < HTTP_METHOD__MAX * BOARD_CODES; i++)
			text_route_counts(b, board, r, board_route(board, r),
					  (enum http_method)(i / BOARD_CODES),
					  i % BOARD_CODES);
	}
	head(b, "http_request_duration_seconds", "histogram",
	     "From the request's arrival in a worker to its answer");
	for (unsigned r = 0; r < BOARD_ROUTES; r++)
		if (first_of_name(board, r))
			text_route_hist(b, board, r, board_route(board, r));
}

static void text_processes(struct sbuf *b, const struct board *board)
{
	struct census c;

	ops_census(board, &c);
	head(b, "http_requests_active", "gauge", "Requests being worked on");
	sbuf_addf(b, "http_requests_active %u\n",
		  c.states[ROLE_WORKER][SLOT_BUSY]);
	head(b, "processes", "gauge", "Processes by role and state");
	for (unsigned r = 0; r < ROLE__MAX; r++)
		for (unsigned s = SLOT_FREE + 1; s < SLOT__MAX; s++)
			sbuf_addf(b, "processes{role=\"%s\",state=\"%s\"} %u\n",
				  role_name((enum board_role)r),
				  slot_state_name((enum slot_state)s),
				  c.states[r][s]);
	head(b, "process_resident_memory_bytes", "gauge",
	     "Resident memory, summed over the processes of a role");
	for (unsigned r = 0; r < ROLE__MAX; r++)
		sbuf_addf(b, "process_resident_memory_bytes{role=\"%s\"} %"
			  PRIu64 "\n", role_name((enum board_role)r), c.rss[r]);
	head(b, "process_cpu_seconds_total", "counter",
	     "CPU time of a role, ended processes included");
	for (unsigned r = 0; r < ROLE__MAX; r++)
		sbuf_addf(b, "process_cpu_seconds_total{role=\"%s\"} %.6f\n",
			  role_name((enum board_role)r),
			  (double)c.cpu_us[r] / 1e6);
	head(b, "process_restarts_total", "counter",
	     "Processes replaced because they ended unasked");
	for (unsigned r = 0; r < ROLE__MAX; r++)
		sbuf_addf(b, "process_restarts_total{role=\"%s\"} %" PRIu64 "\n",
			  role_name((enum board_role)r),
			  board_restarts(board, (enum board_role)r));
}

void ops_metrics_text(struct sbuf *b, const struct board *board)
{
	head(b, "build_info", "gauge", "The version that answers");
	sbuf_addf(b, "build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
	head(b, "board_start_time_seconds", "gauge",
	     "When the counters began, since 1970");
	sbuf_addf(b, "board_start_time_seconds %.3f\n",
		  (double)board_start_ms(board) / 1e3);
	text_http(b, board);
	text_processes(b, board);
	text_tables(b);
}
