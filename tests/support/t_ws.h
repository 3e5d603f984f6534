#ifndef TESTS_T_WS_H
#define TESTS_T_WS_H
/* t_ws.h - a WebSocket client for tests: frames by hand, so that it can be as
 * wrong as a test wants. */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { WS_CONT = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9,
       WS_PONG = 10 };

struct ws {
	int fd;
	unsigned char in[1 << 17];
	size_t n;
	int close_code;			/* after a CLOSE frame; else 0 */
};

/* address: "unix:/path" or "127.0.0.1:8080".  headers: more lines, each with
 * CR LF, or "".  The status of the answer (101 when it is open), -1: no
 * connection. */
int ws_open(struct ws *w, const char *address, const char *host,
	    const char *path, const char *headers);
int ws_send(struct ws *w, int opcode, int fin, const char *p, size_t n);
/* The next whole frame: its opcode with *ret and *ret_n (good until the next
 * call); -1: closed, -2: nothing for timeout_ms. */
int ws_next(struct ws *w, int timeout_ms, const char **ret, size_t *ret_n);
/* The same of what is in the buffer already; -2: not whole yet. */
int ws_peek(struct ws *w, const char **ret, size_t *ret_n);
/* Reads once what is there; 0: closed, -1 with errno. */
ssize_t ws_fill(struct ws *w);

#endif /* TESTS_T_WS_H */
