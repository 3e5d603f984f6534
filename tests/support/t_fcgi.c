#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"
#include "t_fcgi.h"

static void add(struct fc_buf *f, const void *p, size_t n)
{
	assert_true(f->n + n <= sizeof(f->b));
	if (n > 0)
		memcpy(f->b + f->n, p, n);
	f->n += n;
}

void fc_record(struct fc_buf *f, int type, const void *data, size_t n)
{
	const unsigned char *p = data;

	do {
		size_t k = n < 65535 ? n : 65535;
		unsigned char h[8] = { 1, (unsigned char)type, 0, 1,
			(unsigned char)(k >> 8), (unsigned char)k, 0, 0 };

		add(f, h, 8);
		add(f, p, k);
		p = k > 0 ? p + k : p;
		n -= k;
	} while (n > 0);
}

void fc_begin(struct fc_buf *f)
{
	static const unsigned char responder[8] = { 0, 1, 0 };

	fc_record(f, FC_BEGIN, responder, 8);
}

static void add_length(struct fc_buf *f, size_t n)
{
	unsigned char four[4] = { (unsigned char)(0x80 | n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n };
	unsigned char one = (unsigned char)n;

	if (n < 128)
		add(f, &one, 1);
	else
		add(f, four, 4);
}

void fc_param(struct fc_buf *f, const char *name, const char *value)
{
	add_length(f, strlen(name));
	add_length(f, strlen(value));
	add(f, name, strlen(name));
	add(f, value, strlen(value));
}

void fc_request(struct fc_buf *f, const char *method, const char *path,
		const char *body, size_t n_body, const char *const *more)
{
	struct fc_buf *params = calloc(1, sizeof(*params));
	char length[24];

	fc_begin(f);
	snprintf(length, sizeof(length), "%zu", n_body);
	fc_param(params, "REQUEST_METHOD", method);
	fc_param(params, "DOCUMENT_URI", path);
	if (n_body > 0)
		fc_param(params, "CONTENT_LENGTH", length);
	for (; more != NULL && *more != NULL; more++) {
		char name[128];
		const char *eq = strchr(*more, '=');

		snprintf(name, sizeof(name), "%.*s", (int)(eq - *more), *more);
		fc_param(params, name, eq + 1);
	}
	fc_record(f, FC_PARAMS, params->b, params->n);
	fc_record(f, FC_PARAMS, NULL, 0);
	if (n_body > 0)
		fc_record(f, FC_STDIN, body, n_body);
	fc_record(f, FC_STDIN, NULL, 0);
	free(params);
}

int fc_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

void fc_send(int fd, const struct fc_buf *f, size_t piece)
{
	size_t at = 0;

	while (at < f->n) {
		size_t n = piece == 0 || f->n - at < piece ? f->n - at : piece;
		ssize_t got = send(fd, f->b + at, n, MSG_NOSIGNAL);

		if (got <= 0)
			return;		/* the other side has had enough */
		at += (size_t)got;
	}
}

static ssize_t get(int fd, void *out, size_t n, int timeout_ms)
{
	size_t at = 0;

	while (at < n) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t got;

		if (poll(&p, 1, timeout_ms) <= 0)
			return -2;
		got = recv(fd, (char *)out + at, n - at, 0);
		if (got <= 0)
			return -1;
		at += (size_t)got;
	}
	return (ssize_t)n;
}

ssize_t fc_answer(int fd, char *out, size_t size, int timeout_ms)
{
	unsigned char h[8], rest[65535 + 255];
	size_t at = 0;
	ssize_t rc;

	out[0] = '\0';
	for (;;) {
		size_t n;

		rc = get(fd, h, 8, timeout_ms);
		if (rc < 0)
			break;
		n = (size_t)h[4] << 8 | h[5];
		rc = get(fd, rest, n + h[6], timeout_ms);
		if (rc < 0)
			break;
		if (h[1] == FC_END) {
			rc = (ssize_t)at;
			break;
		}
		if (h[1] == FC_STDOUT && at + n < size) {
			memcpy(out + at, rest, n);
			at += n;
			out[at] = '\0';
		}
	}
	close(fd);
	return rc;
}

int fc_call(const char *sock, const char *method, const char *path,
	    const char *body, char *out, size_t size)
{
	struct fc_buf *f = calloc(1, sizeof(*f));
	int fd = fc_connect(sock);
	ssize_t n;
	int status;

	fc_request(f, method, path, body, strlen(body), NULL);
	fc_send(fd, f, 0);
	free(f);
	n = fc_answer(fd, out, size, 20000);
	if (n < 0)
		return (int)n;
	return sscanf(out, "Status: %d", &status) == 1 ? status : 0;
}
