/* live_client - a page at the live channel, for shell tests.
 *
 *	live_client -a ADDRESS [-H HOST] [-h 'Header: value']... [-d RUN_DIR]
 *		[-P] [-q] COMMAND...
 *
 *	status N		the handshake's status; the first command
 *	send TEXT		a text frame
 *	pieces N TEXT		the same in frames of N bytes
 *	large N			a text frame of N bytes
 *	binary TEXT
 *	expect REGEX		a message that matches comes within 5 s; others
 *				before it are passed over
 *	next REGEX		the very next message matches
 *	silent MS		nothing comes
 *	closed MS		the server closes within MS; prints the code
 *	wait MS			reads nothing for so long
 *	publish TOPIC TYPE USER JSON	an event, to RUN_DIR/live-in.sock
 *	flood N TOPIC TYPE USER JSON
 *
 * -P: pings are not answered.  What comes is printed unless -q. */
#include "config.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "proc/events.h"
#include "t_ws.h"

static struct ws w;
static int no_pong, is_quiet;

NORETURN static void fail(const char *what, const char *arg)
{
	printf("failed: %s %s\n", what, arg);
	exit(1);
}

/* The next text; pings are answered on the way. */
static int next_text(int timeout_ms, const char **ret)
{
	int64_t until = clock_mono_ns() + (int64_t)timeout_ms * 1000000;

	for (;;) {
		int left = (int)((until - clock_mono_ns()) / 1000000);
		size_t n;
		int op = ws_next(&w, left > 0 ? left : 0, ret, &n);

		if (op == WS_PING) {
			if (!no_pong)
				ws_send(&w, WS_PONG, 1, *ret, n);
			continue;
		}
		if (op == WS_TEXT && !is_quiet)
			printf("< %s\n", *ret);
		if (op == WS_CLOSE)
			return -1;
		return op;
	}
}

static int matches(const char *text, const char *pattern)
{
	regex_t re;
	int rc;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		fail("regex", pattern);
	rc = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return rc;
}

static void expect(const char *pattern)
{
	int64_t until = clock_mono_ns() + INT64_C(5000000000);
	const char *text;

	do {
		if (next_text(5000, &text) != WS_TEXT)
			fail("expect", pattern);
		if (matches(text, pattern))
			return;
	} while (clock_mono_ns() < until);
	fail("expect", pattern);
}

static void silent(int ms)
{
	int64_t until = clock_mono_ns() + (int64_t)ms * 1000000;
	const char *text;
	int left;

	while ((left = (int)((until - clock_mono_ns()) / 1000000)) > 0)
		if (next_text(left, &text) != -2)
			fail("silent", "something came");
}

static void closed(int ms)
{
	int64_t until = clock_mono_ns() + (int64_t)ms * 1000000;
	const char *text;
	int left, op;

	while ((left = (int)((until - clock_mono_ns()) / 1000000)) > 0) {
		op = next_text(left, &text);
		if (op == -1) {
			printf("closed %d\n", w.close_code);
			return;
		}
	}
	fail("closed", "still open");
}

static void pieces(size_t k, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i += k) {
		size_t part = n - i < k ? n - i : k;

		ws_send(&w, i == 0 ? WS_TEXT : WS_CONT, i + part == n, text + i,
			part);
	}
}

static void large(size_t n)
{
	char *p = malloc(n);

	memset(p, 'x', n);
	ws_send(&w, WS_TEXT, 1, p, n);
	free(p);
}

static void publish(char **v)
{
	events_publish(v[0], v[1], strtoull(v[2], NULL, 10), v[3], strlen(v[3]));
}

/* One command; how many words it took. */
static int command(char **v)
{
	const char *text;

	if (strcmp(v[0], "send") == 0) {
		ws_send(&w, WS_TEXT, 1, v[1], strlen(v[1]));
	} else if (strcmp(v[0], "binary") == 0) {
		ws_send(&w, WS_BINARY, 1, v[1], strlen(v[1]));
	} else if (strcmp(v[0], "pieces") == 0) {
		pieces(strtoul(v[1], NULL, 10), v[2]);
		return 3;
	} else if (strcmp(v[0], "large") == 0) {
		large(strtoul(v[1], NULL, 10));
	} else if (strcmp(v[0], "expect") == 0) {
		expect(v[1]);
	} else if (strcmp(v[0], "next") == 0) {
		if (next_text(5000, &text) != WS_TEXT || !matches(text, v[1]))
			fail("next", v[1]);
	} else if (strcmp(v[0], "silent") == 0) {
		silent((int)strtol(v[1], NULL, 10));
	} else if (strcmp(v[0], "closed") == 0) {
		closed((int)strtol(v[1], NULL, 10));
	} else if (strcmp(v[0], "wait") == 0) {
		clock_sleep_ms(strtol(v[1], NULL, 10));
	} else if (strcmp(v[0], "publish") == 0) {
		publish(v + 1);
		return 5;
	} else if (strcmp(v[0], "flood") == 0) {
		for (long i = strtol(v[1], NULL, 10); i > 0; i--) {
			publish(v + 2);
			if (i % 100 == 0)
				clock_sleep_ms(5);
		}
		return 6;
	} else {
		fail("unknown command", v[0]);
	}
	return 2;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new("client", 1 << 20);
	const char *address = "", *host = "localhost", *run = NULL;
	char headers[6000] = "";
	int o, status, want = 101;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((o = getopt(argc, argv, "+a:H:h:d:Pq")) != -1) {
		size_t n = strlen(headers);

		if (o == 'a')
			address = optarg;
		else if (o == 'H')
			host = optarg;
		else if (o == 'h')
			snprintf(headers + n, sizeof(headers) - n, "%s\r\n",
				 optarg);
		else if (o == 'd')
			run = optarg;
		else if (o == 'P')
			no_pong = 1;
		else if (o == 'q')
			is_quiet = 1;
		else
			return 64;
	}
	if (run != NULL)
		events_open(a, run);
	if (optind + 1 < argc && strcmp(argv[optind], "status") == 0) {
		want = (int)strtol(argv[optind + 1], NULL, 10);
		optind += 2;
	}
	status = strcmp(address, "none") == 0 ? 101 :
		ws_open(&w, address, host, "/live", headers);
	if (status != want) {
		printf("failed: status %d, not %d\n", status, want);
		return 1;
	}
	while (optind < argc)
		optind += command(argv + optind);
	arena_free(&a);
	return 0;
}
