#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/sbuf.h"
#include "core/str.h"
#include "prog/ctl.h"
#include "prog/template.h"

#define TEMPLATE_MAX	(256u * 1024)
#define PER_ADDRESS	40
#define VALUES		24

struct render {
	struct ctl *c;
	const char *dir;		/* where the result goes */
	const char *user;		/* NULL: no user directive */
	struct template_value v[VALUES];
	size_t n;
	struct template_flag flags[8];
};

static const char *data_dir(void)
{
	const char *d = getenv("ORCH_DATADIR");

	return d != NULL && d[0] != '\0' ? d : ORCH_DATADIR;
}

/* Nothing in a value may end a word or begin a variable of nginx. */
static int put(struct render *r, const char *name, const char *value,
	       struct err *err)
{
	if (value[0] == '\0' || value[strcspn(value, " \t\r\n;{}\"'\\$#")] != '\0')
		return FAIL(err, E_INVAL, "\"%s\" cannot stand in nginx's "
			    "configuration (%s)", value, name);
	assert(r->n < VALUES - 1);
	r->v[r->n++] = (struct template_value){ name, value };
	return 0;
}

static int put_int(struct render *r, const char *name, int64_t v,
		   struct err *err)
{
	return put(r, name, arena_printf(r->c->arena, "%" PRId64, v), err);
}

/* Made by us of checked parts, with blanks between. */
static void put_made(struct render *r, const char *name, const char *value)
{
	assert(r->n < VALUES - 1);
	r->v[r->n++] = (struct template_value){ name, value };
}

static int check_word(const char *what, const char *s, struct err *err)
{
	if (s[0] == '\0' || s[strcspn(s, " \t\r\n;{}\"'\\$#")] != '\0')
		return FAIL(err, E_INVAL, "\"%s\" is no %s", s, what);
	return 0;
}

static bool wildcard(const char *address)
{
	return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0 ||
	       strcmp(address, "*") == 0;
}

static bool is_unix(const char *address)
{
	return strncmp(address, "unix:", 5) == 0;
}

/* "127.0.0.1:8080", "[::1]:8080", "unix:/path". */
static const char *listen_text(const struct render *r)
{
	const struct conf *conf = r->c->conf;

	if (is_unix(conf->listen_address))
		return conf->listen_address;
	return arena_printf(r->c->arena, strchr(conf->listen_address, ':') != NULL
			    ? "[%s]:%" PRId64 : "%s:%" PRId64,
			    conf->listen_address, conf->port);
}

/* What browsers may call us.  A page of somebody else's name that points to
 * this address must find nobody. */
static int server_names(struct render *r, bool *ret_any, struct err *err)
{
	const struct conf *conf = r->c->conf;
	char host[256] = "";
	struct sbuf b;

	sbuf_init(&b, r->c->arena, 8192);
	*ret_any = conf->server_name.n == 0 && (wildcard(conf->listen_address) ||
					     is_unix(conf->listen_address));
	for (size_t i = 0; i < conf->server_name.n; i++) {
		int rc = check_word("host name", conf->server_name.v[i], err);

		if (rc < 0)
			return rc;
		sbuf_addf(&b, "%s ", conf->server_name.v[i]);
	}
	if (conf->server_name.n == 0) {
		gethostname(host, sizeof(host) - 1);
		sbuf_add_cstr(&b, "localhost 127.0.0.1 [::1]");
		if (check_word("host name", host, err) == 0)
			sbuf_addf(&b, " %s", host);
		if (!*ret_any && strcmp(conf->listen_address, "127.0.0.1") != 0 &&
		    strcmp(conf->listen_address, "::1") != 0)
			sbuf_addf(&b, strchr(conf->listen_address, ':') != NULL
				  ? " [%s]" : " %s", conf->listen_address);
		if (*ret_any)
			sbuf_add_cstr(&b, " _");
	}
	put_made(r, "SERVER_NAMES", sbuf_finish(&b));
	return 0;
}

static int metrics_allow(struct render *r, struct err *err)
{
	const struct conf_list *l = &r->c->conf->metrics_allow;
	struct sbuf b;

	sbuf_init(&b, r->c->arena, 8192);
	for (size_t i = 0; i < l->n; i++) {
		int rc = check_word("network", l->v[i], err);

		if (rc < 0)
			return rc;
		sbuf_addf(&b, "%s\t\t\tallow %s;", i > 0 ? "\n" : "", l->v[i]);
	}
	if (is_unix(r->c->conf->listen_address))
		sbuf_addf(&b, "%s\t\t\tallow unix:;", l->n > 0 ? "\n" : "");
	put_made(r, "METRICS_ALLOW", sbuf_finish(&b));
	return 0;
}

static int web_root(struct render *r, struct err *err)
{
	struct arena *a = r->c->arena;
	const char *dir = r->c->conf->web_root;
	struct stat st;

	if (dir[0] == '\0') {
		/* In a source tree the client is built into web/dist. */
		dir = arena_printf(a, "%s/web/dist", data_dir());
		if (stat(dir, &st) < 0)
			dir = arena_printf(a, "%s/web", data_dir());
	}
	return put(r, "WEB_ROOT", dir, err);
}

static int tls(struct render *r, bool *ret_on, struct err *err)
{
	const struct conf *conf = r->c->conf;
	bool cert = conf->tls_certificate[0] != '\0', key = conf->tls_key[0] != '\0';
	int rc;

	if (cert != key)
		return FAIL(err, E_INVAL, "tls_certificate and tls_key: one is "
			    "set and the other is not");
	*ret_on = cert;
	if (!cert)
		return 0;
	rc = put(r, "TLS_CERTIFICATE", conf->tls_certificate, err);
	if (rc == 0)
		rc = put(r, "TLS_KEY", conf->tls_key, err);
	return rc;
}

static int paths(struct render *r, struct err *err)
{
	const struct conf *conf = r->c->conf;
	struct arena *a = r->c->arena;
	int rc = put(r, "DIR", r->dir, err);

	put_made(r, "CONF", conf->file[0] != '\0' ? conf->file : "the defaults");
	if (rc == 0)
		rc = put(r, "LOG", arena_printf(a, "%s/log", conf->state_dir), err);
	if (rc == 0)
		rc = put(r, "RUN", conf->run_dir, err);
	if (rc == 0)
		rc = put(r, "LISTEN", listen_text(r), err);
	if (rc == 0)
		rc = web_root(r, err);
	if (rc == 0 && r->user != NULL)
		rc = put(r, "USER", r->user, err);
	return rc;
}

static int limits(struct render *r, struct err *err)
{
	const struct conf *conf = r->c->conf;
	int64_t per_second = (conf->rate_limit_per_minute + 59) / 60 * 2;
	int64_t burst = conf->rate_limit_burst * 2;
	const struct { const char *name; int64_t v; } rows[] = {
		{ "CONNECTIONS", conf->max_connections },
		{ "NOFILE", conf->max_connections * 2 + 64 },
		{ "KEEPALIVE", conf->keepalive_timeout },
		{ "REQUEST_TIMEOUT", conf->request_timeout },
		{ "MAX_BODY", conf->max_body },
		{ "API_RATE", per_second > 20 ? per_second : 20 },
		{ "API_BURST", burst > 40 ? burst : 40 },
		{ "LOGIN_RATE", conf->login_per_minute * 2 },
		{ "LOGIN_BURST", conf->login_per_minute },
		{ "CONNS_PER_ADDRESS", is_unix(conf->listen_address) ?
			conf->max_connections : PER_ADDRESS },
		{ "LIVE_TIMEOUT", conf->live_ping_interval * 2 +
				  conf->live_ping_timeout + 10 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int rc = put_int(r, rows[i].name, rows[i].v, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int collect(struct render *r, struct err *err)
{
	bool any = false, secure = false;
	int rc = paths(r, err);

	if (rc == 0)
		rc = limits(r, err);
	if (rc == 0)
		rc = server_names(r, &any, err);
	if (rc == 0)
		rc = metrics_allow(r, err);
	if (rc == 0)
		rc = tls(r, &secure, err);
	if (rc < 0)
		return rc;
	/* Older browsers do not take ws: for 'self'. */
	put_made(r, "WS", arena_printf(r->c->arena, secure ?
		"wss://$host:%" PRId64 : "ws://$host:%" PRId64,
		r->c->conf->port));
	r->flags[0] = (struct template_flag){ "user", r->user != NULL };
	r->flags[1] = (struct template_flag){ "tls", secure };
	r->flags[2] = (struct template_flag){ "strict_host", !any };
	r->flags[3] = (struct template_flag){ "any_host", any };
	return 0;
}

static int read_template(struct render *r, const char *name, char **ret,
			 struct err *err)
{
	const char *path = arena_printf(r->c->arena, "%s/nginx/%s", data_dir(),
					name);
	char *buf = arena_alloc(r->c->arena, TEMPLATE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 0;

	if (fd < 0)
		return FAIL(err, E_IO, "template %s: %s", path, strerror(errno));
	while (n < TEMPLATE_MAX &&
	       (got = read(fd, buf + n, TEMPLATE_MAX - n)) > 0)
		n += (size_t)got;
	close(fd);
	if (got < 0)
		return FAIL(err, E_IO, "template %s: %s", path, strerror(errno));
	buf[n] = '\0';
	*ret = buf;
	return 0;
}

static int make_dir(const char *path, struct err *err)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return FAIL(err, E_IO, "make directory %s: %s", path,
			    strerror(errno));
	return 0;
}

/* Whole or not at all: nginx may be reading the last one. */
static int write_file(struct render *r, const char *name, const struct sbuf *b,
		      struct err *err)
{
	const char *path = arena_printf(r->c->arena, "%s/%s", r->dir, name);
	const char *tmp = arena_printf(r->c->arena, "%s.new", path);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok;

	if (fd < 0)
		return FAIL(err, E_IO, "write %s: %s", tmp, strerror(errno));
	ok = write(fd, b->buf, b->len) == (ssize_t)b->len && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(tmp, path) < 0) {
		int e = errno;

		unlink(tmp);
		return FAIL(err, E_IO, "write %s: %s", path, strerror(e));
	}
	return 0;
}

static int render(struct render *r, const char *name, struct sbuf *ret,
		  struct err *err)
{
	char *text = NULL;
	int rc = read_template(r, arena_printf(r->c->arena, "%s.in", name),
			       &text, err);

	if (rc < 0)
		return rc;
	sbuf_init(ret, r->c->arena, TEMPLATE_MAX * 2);
	return template_fill(ret, name, text, r->v, r->flags, err);
}

static int make_dirs(struct render *r, struct err *err)
{
	struct arena *a = r->c->arena;
	const char *dirs[] = { r->dir, arena_printf(a, "%s/tmp", r->dir),
		arena_printf(a, "%s/log", r->c->conf->state_dir) };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(dirs) && rc == 0; i++)
		rc = make_dir(dirs[i], err);
	return rc;
}

int ctl_nginx(struct ctl *c)
{
	struct render r = { .c = c };
	const char *output = NULL;
	const struct ctl_opt opts[] = {
		{ "output", 'o', CTL_TEXT, &output, "DIR",
		  "write there and not to nginx/ in state_dir", 0, 0 },
		{ "user", 'u', CTL_TEXT, &r.user, "NAME",
		  "nginx's workers run as this user (when started by root)",
		  0, 0 },
		{ 0 } };
	struct sbuf conf, api;
	struct err err;
	int status, rc;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status) || !ctl_conf(c, &status))
		return status;
	r.dir = output != NULL ? output :
		arena_printf(c->arena, "%s/nginx", c->conf->state_dir);
	/* Started by root, nginx's workers become "nobody", who may not
	 * connect to our sockets; what root starts belongs to root. */
	if (r.user == NULL && geteuid() == 0)
		r.user = "root";
	rc = collect(&r, &err);
	if (rc == 0)
		rc = render(&r, "nginx.conf", &conf, &err);
	if (rc == 0)
		rc = render(&r, "api.conf", &api, &err);
	if (rc == 0)
		rc = make_dirs(&r, &err);
	if (rc == 0)
		rc = write_file(&r, "api.conf", &api, &err);
	if (rc == 0)
		rc = write_file(&r, "nginx.conf", &conf, &err);
	if (rc < 0)
		return ctl_fail(c, &err);
	ctl_say(c, "wrote %s/nginx.conf", r.dir);
	return EX_OK;
}
