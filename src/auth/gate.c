#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth_i.h"
#include "core/rand.h"

/* A hash takes 64 MiB and a tenth of a second on purpose.  Without a limit,
 * a few dozen sign-ins at once would be the cheapest way to bring the host to
 * its knees.  Locks on files are released by the kernel when a worker dies. */
#define SLOTS		2
#define POLL_MS		8

static int try_slot(struct auth *a, unsigned i, int *ret_fd, struct err *err)
{
	char path[200];
	int fd, n = snprintf(path, sizeof(path), "%s/hash.%u", a->run_dir, i);

	if (n < 0 || (size_t)n >= sizeof(path))
		return FAIL(err, E_IO, "the path of run_dir is too long");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == ENOENT && mkdir(a->run_dir, 0755) == 0)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		*ret_fd = -1;
		return 0;
	}
	*ret_fd = fd;
	return 0;
}

int gate_enter(struct auth *a, struct gate *g, struct err *err)
{
	int64_t deadline = clock_mono_ns() + a->gate_wait_ms * 1000000;

	for (;;) {
		for (unsigned i = 0; i < SLOTS; i++) {
			int fd = -1, rc = try_slot(a, i, &fd, err);

			if (rc < 0)
				return rc;
			if (fd >= 0) {
				g->fd = fd;
				return 0;
			}
		}
		if (clock_mono_ns() > deadline)
			return FAIL(err, E_BUSY, "too many sign-ins at once");
		clock_sleep_ms(POLL_MS + rand_jitter_ms(POLL_MS));
	}
}

void gate_leave(struct gate *g)
{
	close(g->fd);
	g->fd = -1;
}
