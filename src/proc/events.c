#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/arena.h"
#include "proc/board.h"
#include "proc/events.h"

/* The process's one datagram socket and where it sends to; -1: closed. */
static int sock = -1;
static struct sockaddr_un target;

static void events_close(void *ptr)
{
	(void)ptr;
	if (sock >= 0)
		close(sock);
	sock = -1;
}

void events_open(struct arena *out, const char *run_dir)
{
	int n;

	events_close(NULL);
	target = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(target.sun_path, sizeof(target.sun_path),
		     "%s/live-in.sock", run_dir);
	if (n < 0 || (size_t)n >= sizeof(target.sun_path))
		return;		/* no such socket can exist */
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	arena_defer(out, events_close, NULL);
}

void events_publish(const char *topic, const char *type, uint64_t user,
		    const char *json, size_t n)
{
	char head[256];
	struct iovec iov[3];
	struct msghdr mh = { .msg_name = &target, .msg_namelen = sizeof(target),
			     .msg_iov = iov, .msg_iovlen = 3 };
	int len = snprintf(head, sizeof(head),
			   "{\"topic\":\"%s\",\"type\":\"%s\",\"user\":%llu,"
			   "\"data\":", topic, type, (unsigned long long)user);

	if (sock < 0 || len < 0 || (size_t)len >= sizeof(head) ||
	    n > EVENT_MAX - sizeof(head)) {
		board_inc(BC_EVENTS_DROPPED);
		return;
	}
	/* sendmsg writes to none of these. */
	iov[0] = (struct iovec){ head, (size_t)len };
	iov[1] = (struct iovec){ (void *)(uintptr_t)json, n };
	iov[2] = (struct iovec){ (void *)(uintptr_t)"}", 1 };
	if (sendmsg(sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		board_inc(BC_EVENTS_DROPPED);
	else
		board_inc(BC_EVENTS_PUBLISHED);
}
