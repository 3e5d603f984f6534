#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cache/cache.h"
#include "core/log.h"
#include "json/json.h"
#include "live/server_i.h"
#include "proc/board.h"
#include "proc/events.h"

#define RECEIVE_BUFFER	(4 << 20)
#define AT_ONCE		512		/* then clients have their turn */

int input_open(struct server *s, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/live-in.sock",
			 s->conf->run_dir), size = RECEIVE_BUFFER;

	if (n < 0 || (size_t)n >= sizeof(a.sun_path))
		return FAIL(err, E_INVAL, "the path of live-in.sock is too "
			    "long");
	s->in_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  0);
	if (s->in_fd < 0)
		return FAIL(err, E_IO, "socket: %s", strerror(errno));
	unlink(a.sun_path);
	if (bind(s->in_fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return FAIL(err, E_IO, "bind %s: %s", a.sun_path,
			    strerror(errno));
	/* As much as the system grants; a full buffer drops, and counts. */
	setsockopt(s->in_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

/* {"topic":"...","type":"...","user":N,"data":...} in this order, as
 * events_publish() writes it: the data is passed on as it stands. */
static bool take_apart(struct str text, struct str *ret_topic,
		       struct str *ret_type, uint64_t *ret_user,
		       struct str *ret_data)
{
	static const char *const keys[] = {
		"{\"topic\":\"", "\",\"type\":\"", "\",\"user\":", ",\"data\":" };
	struct str part[ARRAY_LEN(keys)];

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		size_t n = strlen(keys[i]);
		const char *at = memmem(text.p, text.n, keys[i], n);

		if (at == NULL || (i == 0 && at != text.p))
			return false;
		if (i > 0)
			part[i - 1] = str_n(text.p, (size_t)(at - text.p));
		text = str_n(at + n, text.n - (size_t)(at - text.p) - n);
	}
	if (text.n < 2 || text.p[text.n - 1] != '}')
		return false;
	*ret_topic = part[0];
	*ret_type = part[1];
	*ret_data = str_n(text.p, text.n - 1);
	return str_u64(part[2], ret_user);
}

void input_event(struct server *s, struct str text)
{
	struct str topic, type, data;
	const struct json *j;
	uint64_t user;
	struct err err;
	int rc;

	board_inc(BC_LIVE_RECEIVED);
	if (!take_apart(text, &topic, &type, &user, &data)) {
		log_warn(NULL, "an event that is not one: %.*s",
			 text.n < 80 ? (int)text.n : 80, text.p);
		return;
	}
	/* A broken one would be every browser's trouble. */
	rc = json_parse(s->scratch, data.p, data.n, &j, &err);
	arena_reset(s->scratch);
	if (rc == 0)
		rc = hub_publish(s->hub, topic, type, user, data, &err);
	if (rc == 0)
		return;
	board_inc(BC_LIVE_DROPPED);
	log_warn(NULL, "event %.*s/%.*s dropped: %s", STR_ARG(topic),
		 STR_ARG(type), err.msg);
}

void input_read(struct server *s)
{
	static char buf[EVENT_MAX + 1];	/* too large for the stack */

	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(s->in_fd, buf, sizeof(buf), MSG_DONTWAIT);
		struct str text;

		if (n < 0)
			return;
		text = str_n(buf, (size_t)n);
		input_event(s, text);
		if (s->cache != NULL &&
		    !cache_publish(s->cache, "orch:live", text))
			board_inc(BC_LIVE_DROPPED);
	}
}
