#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "test.h"
#include "t_http.h"

#define LAST_MAX (1 << 20)

/* Shared with the server's process. */
static struct {
	_Atomic unsigned requests, flaky;
	char last[LAST_MAX];
} *shared;
static pid_t server;

static size_t read_request(int fd)
{
	size_t n = 0, want = 0;
	ssize_t got;

	while (n < LAST_MAX - 1) {
		char *end, *len;

		got = recv(fd, shared->last + n, LAST_MAX - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
		shared->last[n] = '\0';
		end = strstr(shared->last, "\r\n\r\n");
		if (end == NULL)
			continue;
		len = strcasestr(shared->last, "content-length:");
		want = (size_t)(end + 4 - shared->last) +
			(len != NULL && len < end ? strtoul(len + 15, NULL, 10)
						  : 0);
		if (n >= want)
			break;
	}
	shared->last[n] = '\0';
	return n;
}

static void put(int fd, const char *s, size_t n)
{
	(void)!send(fd, s, n, MSG_NOSIGNAL);
}

void t_http_reply(int fd, int status, const char *extra, const char *body,
		  size_t n)
{
	char head[256];
	int len = snprintf(head, sizeof(head), "HTTP/1.1 %d Some Text\r\n"
			   "Content-Type: text/plain\r\nContent-Length: %zu\r\n"
			   "%s\r\n", status, n, extra);

	put(fd, head, (size_t)len);
	put(fd, body, n);
}

static void answer(int fd, const char *request)
{
	char path[64] = "";
	const char *body = strstr(request, "\r\n\r\n");

	sscanf(request, "%*s %63s", path);
	body = body != NULL ? body + 4 : "";
	if (strncmp(path, "/status/", 8) == 0) {
		t_http_reply(fd, (int)strtol(path + 8, NULL, 10), "", "x", 1);
	} else if (strcmp(path, "/later") == 0) {
		t_http_reply(fd, 429, "Retry-After: 7\r\n", "", 0);
	} else if (strcmp(path, "/soon") == 0) {
		if (shared->flaky++ < 1)
			t_http_reply(fd, 429, "Retry-After: 1\r\n", "", 0);
		else
			t_http_reply(fd, 200, "", "now", 3);
	} else if (strncmp(path, "/big/", 5) == 0) {
		size_t n = strtoul(path + 5, NULL, 10);
		char *big = calloc(1, n + 1);

		memset(big, 'x', n);
		t_http_reply(fd, 200, "", big, n);
		free(big);
	} else if (strcmp(path, "/slow") == 0) {
		clock_sleep_ms(5000);
		t_http_reply(fd, 200, "", "late", 4);
	} else if (strcmp(path, "/redirect") == 0) {
		t_http_reply(fd, 302, "Location: /ok\r\n", "", 0);
	} else if (strcmp(path, "/flaky") == 0) {
		if (shared->flaky++ < 2)
			t_http_reply(fd, 503, "", "no", 2);
		else
			t_http_reply(fd, 200, "", "yes", 3);
	} else if (strcmp(path, "/echo") == 0) {
		t_http_reply(fd, 200, "", body, strlen(body));
	} else if (strcmp(path, "/close") != 0) {
		t_http_reply(fd, 200, "", "fine", 4);
	}
}

NORETURN static void serve(int s, t_http_fn *fn)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(s, NULL, NULL);

		/* Connections are kept, so each has a process. */
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(s);
			while (read_request(fd) > 0) {
				shared->requests++;
				fn(fd, shared->last);
				if (strstr(shared->last, " /close ") != NULL)
					break;
			}
			_exit(0);
		}
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

int t_http_start(void)
{
	return t_http_start_as(answer);
}

int t_http_start_as(t_http_fn *fn)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s, 16), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&a, &n), 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	server = fork();
	if (server == 0)
		serve(s, fn);
	close(s);
	return ntohs(a.sin_port);
}

void t_http_stop(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	munmap(shared, sizeof(*shared));
}

unsigned t_http_requests(void)
{
	return shared->requests;
}

const char *t_http_last(void)
{
	return shared->last;
}
