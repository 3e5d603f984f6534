#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "auth/auth.h"
#include "core/clock.h"
#include "db/db.h"
#include "prog/ctl.h"

#define LINE_MAX_	(AUTH_PASSWORD_MAX + 2)
#define TEXT_MAX	((size_t)1 << 20)

/* ---- passwords ------------------------------------------------------------- */

static void woken(int sig)
{
	(void)sig;	/* read() returns, and the terminal is put right */
}

/* One line; -1 at the end, on error and on a signal, -2 if it is too long. */
static int read_line(int fd, char *buf, size_t size)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = read(fd, buf + n, 1);

		if (got < 0 || (got == 0 && n == 0))
			return -1;
		if (got == 0 || buf[n] == '\n')
			break;
		if (++n == size)
			return -2;
	}
	if (n > 0 && buf[n - 1] == '\r')
		n--;
	return (int)n;
}

static int prompt(int tty, const char *what, char *buf, size_t size)
{
	struct sigaction act = { .sa_handler = woken }, was[4];
	static const int sigs[4] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP };
	struct termios seen, hidden;
	int n = -1;

	if (tcgetattr(tty, &seen) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		sigaction(sigs[i], &act, &was[i]);
	hidden = seen;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &hidden) == 0 && dprintf(tty, "%s: ", what) > 0)
		n = read_line(tty, buf, size);
	tcsetattr(tty, TCSAFLUSH, &seen);
	dprintf(tty, "\n");
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		sigaction(sigs[i], &was[i], NULL);
	return n;
}

struct secret {
	char text[LINE_MAX_];
	size_t n;
};

static int ask(struct secret *s, struct err *err)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	char again[LINE_MAX_];
	int n, m = -1;

	if (tty < 0)
		return FAIL(err, E_INVAL, "there is no terminal to ask at: use "
			    "--password-stdin or --random");
	n = prompt(tty, "Password", s->text, sizeof(s->text));
	if (n >= 0)
		m = prompt(tty, "Again", again, sizeof(again));
	close(tty);
	if (n == -2 || m == -2)
		return FAIL(err, E_UNPROCESSABLE, "The password is too long.");
	if (n < 0 || m < 0)
		return FAIL(err, E_INVAL, "no password was given");
	s->n = (size_t)n;
	if (n != m || memcmp(s->text, again, s->n) != 0)
		return FAIL(err, E_INVAL, "the two differ");
	explicit_bzero(again, sizeof(again));
	return 0;
}

static int get_password(bool from_stdin, bool make_one, struct secret *s,
			struct err *err)
{
	int n;

	if (make_one) {
		auth_password_random(s->text);
		s->n = AUTH_RANDOM_LEN;
		return 0;
	}
	if (!from_stdin)
		return ask(s, err);
	n = read_line(STDIN_FILENO, s->text, sizeof(s->text));
	if (n == -2)
		return FAIL(err, E_UNPROCESSABLE, "The password is too long.");
	if (n < 0)
		return FAIL(err, E_INVAL, "no password on standard input");
	s->n = (size_t)n;
	return 0;
}

/* ---- subcommands ------------------------------------------------------------ */

static struct auth *open_auth(struct ctl *c)
{
	return auth_new(c->arena, c->conf, db_new(c->arena, c->conf), &clock_real);
}

struct password_opts {
	bool from_stdin, make_one;
	const char *role;
};

static bool parse_password(struct ctl *c, struct password_opts *o, bool role,
			   int *status)
{
	const struct ctl_opt opts[] = {
		{ "password-stdin", 0, CTL_FLAG, &o->from_stdin, NULL,
		  "read the password from standard input", 0, 0 },
		{ "random", 'r', CTL_FLAG, &o->make_one, NULL,
		  "make one and print it, this once", 0, 0 },
		{ role ? "role" : NULL, 0, CTL_TEXT, &o->role, "ROLE",
		  "viewer, trader or admin", 0, 0 },
		{ 0 },
	};

	if (!ctl_parse(c, opts, "NAME", 1, 1, status))
		return false;
	if (o->from_stdin && o->make_one) {
		*status = ctl_usage(c, "--password-stdin and --random exclude "
				    "each other");
		return false;
	}
	return ctl_conf(c, status);
}

/* What was made goes to standard output alone, for a script to take. */
static int print_made(struct ctl *c, const struct password_opts *o,
		      struct secret *s)
{
	struct sbuf b;
	int status = EX_OK;

	if (o->make_one) {
		sbuf_init(&b, c->arena, sizeof(s->text));
		sbuf_add(&b, s->text, s->n);
		sbuf_add(&b, "\n", 1);
		status = ctl_print(c, &b);
	}
	explicit_bzero(s, sizeof(*s));
	return status;
}

static int user_add(struct ctl *c)
{
	struct password_opts o = { 0 };
	struct secret s = { 0 };
	enum user_role role;
	struct err err;
	uint64_t id;
	int status;

	if (!parse_password(c, &o, true, &status))
		return status;
	if (o.role == NULL || !role_parse(str_c(o.role), &role))
		return ctl_usage(c, "--role viewer, trader or admin is needed");
	if (auth_name_check(str_c(c->argv[0]), &err) < 0 ||
	    get_password(o.from_stdin, o.make_one, &s, &err) < 0 ||
	    auth_user_add(open_auth(c), str_c(c->argv[0]), str_n(s.text, s.n),
			  role, &id, &err) < 0)
		return ctl_fail(c, &err);
	ctl_say(c, "user %s is added as %s", c->argv[0], user_role_name(role));
	return print_made(c, &o, &s);
}

static int user_passwd(struct ctl *c)
{
	struct password_opts o = { 0 };
	struct secret s = { 0 };
	struct err err;
	int status;

	if (!parse_password(c, &o, false, &status))
		return status;
	if (get_password(o.from_stdin, o.make_one, &s, &err) < 0 ||
	    auth_user_passwd(open_auth(c), str_c(c->argv[0]),
			     str_n(s.text, s.n), &err) < 0)
		return ctl_fail(c, &err);
	ctl_say(c, "the password of %s is changed; all their sessions have ended",
		c->argv[0]);
	return print_made(c, &o, &s);
}

static int user_role(struct ctl *c)
{
	enum user_role role;
	struct err err;
	int status;

	if (!ctl_parse(c, NULL, "NAME ROLE", 2, 2, &status) ||
	    !ctl_conf(c, &status))
		return status;
	if (!role_parse(str_c(c->argv[1]), &role))
		return ctl_usage(c, "%s is no role: viewer, trader or admin",
				 c->argv[1]);
	if (auth_user_role(open_auth(c), str_c(c->argv[0]), role, &err) < 0)
		return ctl_fail(c, &err);
	ctl_say(c, "user %s is %s", c->argv[0], user_role_name(role));
	return EX_OK;
}

static int set_disabled(struct ctl *c, bool disable)
{
	struct err err;
	int status;

	if (!ctl_parse(c, NULL, "NAME", 1, 1, &status) || !ctl_conf(c, &status))
		return status;
	if (auth_user_disable(open_auth(c), str_c(c->argv[0]), disable, &err) < 0)
		return ctl_fail(c, &err);
	ctl_say(c, "user %s is %s", c->argv[0], disable ? "disabled" : "enabled");
	return EX_OK;
}

static int user_disable(struct ctl *c)
{
	return set_disabled(c, true);
}

static int user_enable(struct ctl *c)
{
	return set_disabled(c, false);
}

static const char *when(char buf[static TIME_TEXT_MAX], int64_t ms)
{
	if (ms == 0)
		return "-";
	time_format(buf, ms);
	return buf;
}

static int user_list(struct ctl *c)
{
	bool count = false;
	const struct ctl_opt opts[] = {
		{ "count", 0, CTL_FLAG, &count, NULL, "only how many there are",
		  0, 0 },
		{ 0 },
	};
	struct user *v;
	struct err err;
	struct sbuf b;
	int status;
	size_t n;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status) || !ctl_conf(c, &status))
		return status;
	if (auth_users(c->arena, open_auth(c), &v, &n, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, TEXT_MAX);
	if (count)
		sbuf_addf(&b, "%zu\n", n);
	for (size_t i = 0; i < n && !count; i++) {
		char created[TIME_TEXT_MAX], login[TIME_TEXT_MAX];

		sbuf_addf(&b, "%-20s %-7s %-9s created %s  last sign-in %s\n",
			  v[i].name, user_role_name(v[i].role),
			  v[i].disabled_ms != 0 ? "disabled" : "enabled",
			  when(created, v[i].created_ms),
			  when(login, v[i].login_ms));
	}
	return ctl_print(c, &b);
}

int ctl_user(struct ctl *c)
{
	static const struct ctl_sub subs[] = {
		{ "add", user_add, "NAME --role ROLE", "a new user" },
		{ "passwd", user_passwd, "NAME", "a new password; ends their sessions" },
		{ "role", user_role, "NAME ROLE", "viewer, trader or admin" },
		{ "disable", user_disable, "NAME", "let them in no more" },
		{ "enable", user_enable, "NAME", "let them in again" },
		{ "list", user_list, NULL, "everybody" },
		{ 0 },
	};

	return ctl_dispatch(c, subs);
}
