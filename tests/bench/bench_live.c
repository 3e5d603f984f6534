/* bench_live - subscribers and events: how many arrive, and how late.
 *
 *	bench_live -a ADDRESS -c TOKEN,... -d RUN_DIR [-n 500] [-r 100] [-s 4]
 *
 * n pages, 50 to a token, subscribe to one topic through nginx, r events a second are
 * published for s seconds; each carries the time it left.  Prints one JSON
 * line.  `-x N` instead: N connects and disconnects. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "proc/events.h"
#include "t_ws.h"

static int cmp(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static void publish(const char *run_dir, int rate, int seconds)
{
	struct arena *a = arena_new("publisher", 1 << 20);
	int64_t step = INT64_C(1000000000) / rate, next = clock_mono_ns();

	events_open(a, run_dir);
	for (int i = 0; i < rate * seconds; i++) {
		char text[128];
		int n = snprintf(text, sizeof(text),
				 "{\"at\":%lld,\"o\":\"42000.5\",\"h\":\"42001\","
				 "\"l\":\"41999\",\"c\":\"42000\"}",
				 (long long)clock_mono_ns());

		events_publish("market:1:1m", "candle", 0, text, (size_t)n);
		next += step;
		while (clock_mono_ns() < next)
			clock_sleep_ms((next - clock_mono_ns()) / 1000000 + 1);
	}
	arena_free(&a);
}

/* The i-th page comes with the (i / 50)th token. */
static struct ws *page(const char *address, const char *tokens, int i)
{
	static const char sub[] =
		"{\"op\":\"sub\",\"topics\":[\"market:1:1m\"]}";
	struct ws *w = calloc(1, sizeof(*w));
	char headers[256];
	const char *text;
	int status;
	size_t n;

	for (i /= 50; i > 0 && strchr(tokens, ',') != NULL; i--)
		tokens = strchr(tokens, ',') + 1;
	snprintf(headers, sizeof(headers), "Authorization: Bearer %.*s\r\n",
		 (int)strcspn(tokens, ","), tokens);
	status = ws_open(w, address, "localhost", "/live", headers);

	if (status != 101 || ws_send(w, WS_TEXT, 1, sub, sizeof(sub) - 1) < 0 ||
	    ws_next(w, 5000, &text, &n) != WS_TEXT) {
		fprintf(stderr, "no connection: status %d\n", status);
		exit(1);
	}
	return w;
}

static size_t drain(struct ws *w, int64_t *late, size_t got, size_t want)
{
	const char *text, *at;
	size_t n;
	int op;

	while ((op = ws_peek(w, &text, &n)) != -2) {
		if (op == WS_PING)
			ws_send(w, WS_PONG, 1, text, n);
		at = op == WS_TEXT ? strstr(text, "\"at\":") : NULL;
		if (at != NULL && got < want)
			late[got++] = clock_mono_ns() -
				      strtoll(at + 5, NULL, 10);
	}
	return got;
}

static void churn(const char *address, const char *tokens, int count)
{
	int64_t t = clock_mono_ns();

	for (int i = 0; i < count; i++) {
		struct ws *w = page(address, tokens, 0);

		close(w->fd);
		free(w);
	}
	printf("{\"bench\":\"live\",\"case\":\"churn\",\"connections\":%d,"
	       "\"seconds\":%.2f}\n", count,
	       (double)(clock_mono_ns() - t) / 1e9);
}

static void measure(const char *address, const char *tokens,
		    const char *run_dir, int n, int rate, int seconds)
{
	size_t want = (size_t)n * (size_t)rate * (size_t)seconds, got = 0;
	int64_t *late = calloc(want, sizeof(*late)), until;
	struct ws **w = calloc((size_t)n, sizeof(struct ws *));
	int ep = epoll_create1(0);
	pid_t child;

	for (int i = 0; i < n; i++) {
		struct epoll_event ev = { .events = EPOLLIN };

		w[i] = page(address, tokens, i);
		ev.data.ptr = w[i];
		fcntl(w[i]->fd, F_SETFL, O_NONBLOCK);
		epoll_ctl(ep, EPOLL_CTL_ADD, w[i]->fd, &ev);
	}
	child = fork();
	if (child == 0) {
		publish(run_dir, rate, seconds);
		_exit(0);
	}
	until = clock_mono_ns() + (seconds + 5) * INT64_C(1000000000);
	while (got < want && clock_mono_ns() < until) {
		struct epoll_event ev[256];
		int k = epoll_wait(ep, ev, 256, 200);

		for (int i = 0; i < k; i++) {
			struct ws *x = ev[i].data.ptr;

			if (ws_fill(x) == 0)
				epoll_ctl(ep, EPOLL_CTL_DEL, x->fd, NULL);
			got = drain(x, late, got, want);
		}
	}
	waitpid(child, NULL, 0);
	qsort(late, got, sizeof(*late), cmp);
	printf("{\"bench\":\"live\",\"case\":\"fan-out\",\"subscribers\":%d,"
	       "\"events_per_second\":%d,\"delivered\":%zu,\"of\":%zu,"
	       "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n", n, rate,
	       got, want, got ? (double)late[got / 2] / 1e6 : 0,
	       got ? (double)late[got * 99 / 100] / 1e6 : 0,
	       got ? (double)late[got - 1] / 1e6 : 0);
}

int main(int argc, char **argv)
{
	const char *address = "", *tokens = "", *run_dir = ".";
	const struct rlimit files = { 8192, 8192 };
	int n = 500, rate = 100, seconds = 4, cycles = 0, o;

	setrlimit(RLIMIT_NOFILE, &files);
	while ((o = getopt(argc, argv, "a:c:d:n:r:s:x:")) != -1) {
		if (o == 'a')
			address = optarg;
		else if (o == 'c')
			tokens = optarg;
		else if (o == 'd')
			run_dir = optarg;
		else if (o == 'n')
			n = (int)strtol(optarg, NULL, 10);
		else if (o == 'r')
			rate = (int)strtol(optarg, NULL, 10);
		else if (o == 's')
			seconds = (int)strtol(optarg, NULL, 10);
		else if (o == 'x')
			cycles = (int)strtol(optarg, NULL, 10);
		else
			return 64;
	}
	if (cycles > 0)
		churn(address, tokens, cycles);
	else
		measure(address, tokens, run_dir, n, rate, seconds);
	return 0;
}
