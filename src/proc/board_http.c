#include "config.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "proc/board_i.h"

const int64_t board_bounds_ns[BOARD_BUCKETS - 1] = {
	500000, 1000000, 2500000, 5000000, 10000000, 25000000, 50000000,
	100000000, 250000000, 500000000, 1000000000, 2500000000, 5000000000,
	10000000000, 30000000000,
};

const short board_codes[BOARD_CODES] = {
	200, 201, 202, 204, 206, 301, 302, 303, 304, 400, 401, 403, 404, 405,
	409, 412, 413, 415, 422, 429, 500, 501, 502, 503, 504, 0,
};

static void hist_add(struct hist *h, int64_t ns)
{
	unsigned i = 0;

	while (i < BOARD_BUCKETS - 1 && ns > board_bounds_ns[i])
		i++;
	atomic_fetch_add_explicit(&h->bucket[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sum_ns, ns > 0 ? (uint64_t)ns : 0,
				  memory_order_relaxed);
}

/* The count is the sum of the buckets read, so a histogram never contradicts
 * itself, whatever is added meanwhile. */
static void hist_read(const struct hist *h, struct hist_view *ret)
{
	ret->count = 0;
	for (unsigned i = 0; i < BOARD_BUCKETS; i++) {
		ret->bucket[i] = atomic_load_explicit(&h->bucket[i],
						      memory_order_relaxed);
		ret->count += ret->bucket[i];
	}
	ret->sum_ns = atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
}

void board_observe(enum board_hist h, int64_t ns)
{
	struct board *b = board_attached();

	if (b != NULL)
		hist_add(&b->hist[h], ns);
}

void board_hist(enum board_hist h, struct hist_view *ret)
{
	const struct board *b = board_attached();

	*ret = (struct hist_view){ .count = 0 };
	if (b != NULL)
		hist_read(&b->hist[h], ret);
}

double hist_quantile(const struct hist_view *v, double q)
{
	double want = q * (double)v->count, seen = 0;

	if (v->count == 0)
		return 0;
	for (unsigned i = 0; i < BOARD_BUCKETS; i++) {
		double n = (double)v->bucket[i], low, high;

		if (seen + n < want || n == 0) {
			seen += n;
			continue;
		}
		low = i > 0 ? (double)board_bounds_ns[i - 1] : 0;
		/* Above the last bound nothing is known but that. */
		high = i < BOARD_BUCKETS - 1 ? (double)board_bounds_ns[i] : low;
		return (low + (high - low) * (want - seen) / n) / 1e9;
	}
	return (double)board_bounds_ns[BOARD_BUCKETS - 2] / 1e9;
}

const char *http_method_name(enum http_method m)
{
	switch (m) {
	case HTTP_GET: return "GET";
	case HTTP_HEAD: return "HEAD";
	case HTTP_POST: return "POST";
	case HTTP_PUT: return "PUT";
	case HTTP_PATCH: return "PATCH";
	case HTTP_DELETE: return "DELETE";
	case HTTP_OPTIONS: return "OPTIONS";
	case HTTP_OTHER: return "other";
	case HTTP_METHOD__MAX: break;
	}
	return "?";
}

enum http_method http_method_parse(const char *s)
{
	for (unsigned m = 0; m < HTTP_OTHER; m++)
		if (strcmp(s, http_method_name((enum http_method)m)) == 0)
			return (enum http_method)m;
	return HTTP_OTHER;
}

void board_route_set(struct board *b, unsigned route, const char *template)
{
	char *name;

	assert(route < BOARD_ROUTES && strlen(template) < BOARD_TEMPLATE);
	name = b->route_name[route];
	if (strcmp(name, template) != 0) {
		struct route_fig *f = &b->route[route];

		for (unsigned m = 0; m < HTTP_METHOD__MAX; m++)
			for (unsigned c = 0; c < BOARD_CODES; c++)
				f->code[m][c] = 0;
		for (unsigned i = 0; i < BOARD_BUCKETS; i++)
			f->hist.bucket[i] = 0;
		f->hist.sum_ns = 0;
		snprintf(name, BOARD_TEMPLATE, "%s", template);
	}
	if (b->n_routes <= route)
		b->n_routes = route + 1;
}

const char *board_route(const struct board *b, unsigned route)
{
	if (route >= b->n_routes || b->route_name[route][0] == '\0')
		return NULL;
	return b->route_name[route];
}

void board_http(unsigned route, enum http_method m, int status, int64_t ns)
{
	struct board *b = board_attached();
	unsigned c = 0;

	if (b == NULL)
		return;
	if (route >= BOARD_ROUTES)
		route = ROUTE_NONE;
	while (c < BOARD_CODES - 1 && board_codes[c] != status)
		c++;
	atomic_fetch_add_explicit(&b->route[route].code[m][c], 1,
				  memory_order_relaxed);
	hist_add(&b->route[route].hist, ns);
}

uint64_t board_http_count(const struct board *b, unsigned route,
			  enum http_method m, unsigned code_index)
{
	return atomic_load_explicit(&b->route[route].code[m][code_index],
				    memory_order_relaxed);
}

void board_http_hist(const struct board *b, unsigned route,
		     struct hist_view *ret)
{
	hist_read(&b->route[route].hist, ret);
}
