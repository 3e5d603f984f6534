#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "t_ws.h"

static int dial(const char *address)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	const struct sockaddr *sa = (const struct sockaddr *)&un;
	socklen_t n = sizeof(un);
	int fd;

	if (strncmp(address, "unix:", 5) == 0) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", address + 5);
	} else {
		char ip[64];
		const char *colon = strrchr(address, ':');

		snprintf(ip, sizeof(ip), "%.*s", (int)(colon - address),
			 address);
		inet_pton(AF_INET, ip, &in.sin_addr);
		in.sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10));
		sa = (const struct sockaddr *)&in;
		n = sizeof(in);
	}
	fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, sa, n) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int ws_open(struct ws *w, const char *address, const char *host,
	    const char *path, const char *headers)
{
	char rq[8192];
	int n, status = 0;

	w->n = 0;
	w->close_code = 0;
	w->fd = dial(address);
	if (w->fd < 0)
		return -1;
	n = snprintf(rq, sizeof(rq), "GET %s HTTP/1.1\r\nHost: %s\r\n"
		     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		     "Sec-WebSocket-Version: 13\r\n"
		     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
		     path, host, headers);
	if (send(w->fd, rq, (size_t)n, MSG_NOSIGNAL) != n)
		return -1;
	for (;;) {
		const char *end = memmem(w->in, w->n, "\r\n\r\n", 4);
		size_t head;

		if (end != NULL) {
			char line[64] = "";

			head = (size_t)(end - (const char *)w->in) + 4;
			memcpy(line, w->in, head < 63 ? head : 63);
			sscanf(line, "HTTP/%*s %d", &status);
			memmove(w->in, w->in + head, w->n - head);
			w->n -= head;
			return status;
		}
		if (ws_fill(w) <= 0)
			return -1;
	}
}

int ws_send(struct ws *w, int opcode, int fin, const char *p, size_t n)
{
	unsigned char h[14] = { (unsigned char)((fin ? 0x80 : 0) | opcode) };
	char *buf = malloc(n + sizeof(h));
	size_t k = 2;
	ssize_t rc;

	if (n < 126) {
		h[1] = (unsigned char)(0x80 | n);
	} else if (n < 65536) {
		h[1] = 0x80 | 126;
		h[2] = (unsigned char)(n >> 8);
		h[3] = (unsigned char)n;
		k = 4;
	} else {
		h[1] = 0x80 | 127;
		for (int i = 0; i < 8; i++)
			h[2 + i] = (unsigned char)(n >> (8 * (7 - i)));
		k = 10;
	}
	k += 4;			/* a mask of zeros is a mask */
	memcpy(buf, h, k);
	memcpy(buf + k, p, n);
	rc = send(w->fd, buf, n + k, MSG_NOSIGNAL);
	free(buf);
	return rc == (ssize_t)(n + k) ? 0 : -1;
}

ssize_t ws_fill(struct ws *w)
{
	ssize_t got = recv(w->fd, w->in + w->n, sizeof(w->in) - w->n, 0);

	if (got > 0)
		w->n += (size_t)got;
	return got;
}

/* Where the first frame's text begins and ends; 0: it is not whole. */
static size_t frame(const struct ws *w, size_t *ret_head)
{
	size_t n, head = 2;

	if (w->n < 2)
		return 0;
	n = w->in[1] & 127;
	if (n == 126) {
		head = 4;
		if (w->n < head)
			return 0;
		n = (size_t)w->in[2] << 8 | w->in[3];
	} else if (n == 127) {
		head = 10;
		if (w->n < head)
			return 0;
		n = 0;
		for (int i = 0; i < 8; i++)
			n = n << 8 | w->in[2 + i];
	}
	*ret_head = head;
	return w->n >= head + n ? head + n : 0;
}

int ws_peek(struct ws *w, const char **ret, size_t *ret_n)
{
	static unsigned char out[1 << 17];
	size_t head, all = frame(w, &head);
	int opcode;

	if (all == 0)
		return -2;
	opcode = w->in[0] & 15;
	memcpy(out, w->in + head, all - head);
	out[all - head] = '\0';
	*ret = (const char *)out;
	*ret_n = all - head;
	memmove(w->in, w->in + all, w->n - all);
	w->n -= all;
	if (opcode == WS_CLOSE && *ret_n >= 2)
		w->close_code = out[0] << 8 | out[1];
	return opcode;
}

int ws_next(struct ws *w, int timeout_ms, const char **ret, size_t *ret_n)
{
	for (;;) {
		struct pollfd p = { w->fd, POLLIN, 0 };
		int opcode = ws_peek(w, ret, ret_n);

		if (opcode != -2)
			return opcode;
		if (poll(&p, 1, timeout_ms) <= 0)
			return -2;
		if (ws_fill(w) <= 0)
			return -1;
	}
}
