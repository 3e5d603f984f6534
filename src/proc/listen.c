#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/str.h"
#include "proc/proc_i.h"

/* Did the service manager pass descriptor 3, to this very process? */
static bool inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t p, n;

	return pid != NULL && fds != NULL && str_u64(str_c(pid), &p) &&
	       str_u64(str_c(fds), &n) && p == (uint64_t)getpid() && n >= 1;
}

static int check_inherited(struct err *err)
{
	int type = 0, on = 0;
	socklen_t n = sizeof(type), m = sizeof(on);

	if (getsockopt(3, SOL_SOCKET, SO_TYPE, &type, &n) < 0 ||
	    getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, &on, &m) < 0 ||
	    type != SOCK_STREAM || !on)
		return FAIL(err, E_INVAL, "LISTEN_FDS is set, but descriptor 3 "
			    "is no listening stream socket");
	return 0;
}

/* Bound under another name and renamed: the address always answers, whether
 * an older process still listens there or a dead one left its file. */
static int bind_at(int fd, const char *path, int backlog, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s.%d", path,
			 (int)getpid());

	if (n < 0 || (size_t)n >= sizeof(a.sun_path))
		return FAIL(err, E_INVAL, "socket path %s is longer than %zu "
			    "characters", path, sizeof(a.sun_path) - 12);
	unlink(a.sun_path);
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return FAIL(err, E_IO, "bind %s: %s", a.sun_path,
			    strerror(errno));
	if (chmod(a.sun_path, 0660) < 0 || listen(fd, backlog) < 0 ||
	    rename(a.sun_path, path) < 0) {
		int e = errno;

		unlink(a.sun_path);
		return FAIL(err, E_IO, "listen on %s: %s", path, strerror(e));
	}
	return 0;
}

int proc_listen(const char *path, int backlog, int *ret_fd,
		bool *ret_inherited, struct err *err)
{
	int rc, fd;

	if (inherited()) {
		rc = check_inherited(err);
		if (rc < 0)
			return rc;
		fcntl(3, F_SETFL, fcntl(3, F_GETFL) | O_NONBLOCK);
		fcntl(3, F_SETFD, FD_CLOEXEC);
		*ret_fd = 3;
		*ret_inherited = true;
		return 0;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return FAIL(err, E_IO, "socket: %s", strerror(errno));
	rc = bind_at(fd, path, backlog, err);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	*ret_inherited = false;
	return 0;
}

/* Locked, and still the file of that name: another may have removed it
 * between our open and our lock. */
static int pidfile_lock(const char *path, int *ret_fd, struct err *err)
{
	char text[16];
	struct stat mine, there;
	ssize_t got;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return FAIL(err, E_IO, "open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
		    mine.st_ino == there.st_ino) {
			*ret_fd = fd;
			return 0;
		}
		close(fd);
		return FAIL(err, E_BUSY, "%s was replaced meanwhile", path);
	}
	got = read(fd, text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	close(fd);
	return FAIL(err, E_BUSY, "already running as process %s (%s is locked)",
		    text, path);
}

int pidfile_take(const char *path, int *ret_fd, struct err *err)
{
	char text[16];
	int rc, fd, n;

	*ret_fd = -1;
	if (path == NULL)
		return 0;
	rc = pidfile_lock(path, &fd, err);
	if (rc < 0)
		return rc;
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n) {
		int e = errno;

		close(fd);
		return FAIL(err, E_IO, "write %s: %s", path, strerror(e));
	}
	*ret_fd = fd;
	return 0;
}

void proc_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = path != NULL ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(a.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(a.sun_path, path, n);
	if (path[0] == '@')
		a.sun_path[0] = '\0';	/* abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* A service manager that does not listen is none of our trouble. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		      (const struct sockaddr *)&a,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}
