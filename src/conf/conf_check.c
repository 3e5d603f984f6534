#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "conf/value_i.h"

/* The longest name of a socket in run_dir, with its slash. */
#define SOCKET_NAME_MAX 16
#define SUN_PATH_MAX 107

static bool in(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool is_address(const char *s)
{
	unsigned char buf[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, buf) == 1 ||
	       inet_pton(AF_INET6, s, buf) == 1;
}

static bool is_network(const char *s)
{
	struct str rest = str_c(s), addr, bits;
	char buf[INET6_ADDRSTRLEN];
	uint64_t n = 0;

	if (!str_split(&rest, '/', &addr) || addr.n >= sizeof(buf))
		return false;
	memcpy(buf, addr.p, addr.n);
	buf[addr.n] = '\0';
	if (!is_address(buf))
		return false;
	if (rest.p == NULL)
		return true;
	bits = rest;
	return str_u64(bits, &n) && n <= (strchr(buf, ':') != NULL ? 128 : 32);
}

/* scheme://host[:port], and nothing more */
static bool is_origin(const char *s)
{
	struct str v = str_c(s);
	size_t skip = str_starts(v, "https://") ? 8 :
		      str_starts(v, "http://") ? 7 : 0;

	return skip != 0 && s[skip] != '\0' &&
	       in(s + skip, ALNUM "-._~:[]") && strlen(s) < 256;
}

static bool is_redis_url(const char *s)
{
	struct str v = str_c(s);

	return v.n == 0 || (str_starts(v, "redis://") && v.n > 8) ||
	       (str_starts(v, "unix:///") && v.n > 8);
}

static bool is_dsn(const char *s)
{
	struct str v = str_c(s);

	return v.n == 0 || ((str_starts(v, "https://") ||
			     str_starts(v, "http://")) &&
			    str_contains(v, "@") && in(s, ALNUM "-._~:/@[]"));
}

/* In the clear only to a test's own server on this machine. */
static bool is_exchange_url(const char *s)
{
	struct str v = str_c(s);

	return (str_starts(v, "https://") || str_starts(v, "http://127.0.0.1") ||
		str_starts(v, "http://[::1]")) &&
	       in(s + 8, ALNUM "-._~:/[]");
}

static void check_exchanges(const struct conf *c, check_bad_fn *bad, void *ctx)
{
	const struct { const char *url; enum conf_id id; } all[] = {
		{ c->binance_url, CONF_binance_url },
		{ c->coinbase_url, CONF_coinbase_url },
		{ c->kraken_url, CONF_kraken_url },
		{ c->kucoin_url, CONF_kucoin_url },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!is_exchange_url(all[i].url))
			bad(ctx, all[i].id, "must be https://host (http:// only "
			    "to 127.0.0.1 or [::1])");
}

static void check_lists(const struct conf *c, check_bad_fn *bad, void *ctx)
{
	for (size_t i = 0; i < c->cors_origins.n; i++)
		if (!is_origin(c->cors_origins.v[i]))
			bad(ctx, CONF_cors_origins, "each must be "
			    "https://host or http://host, with :port if need "
			    "be and nothing after it");
	for (size_t i = 0; i < c->metrics_allow.n; i++)
		if (!is_network(c->metrics_allow.v[i]))
			bad(ctx, CONF_metrics_allow, "each must be an address "
			    "or a network like 10.0.0.0/8");
}

static void check_database(const struct conf *c, check_bad_fn *bad, void *ctx)
{
	if (!in(c->db_name, ALNUM "_"))
		bad(ctx, CONF_db_name,
		    "only letters, digits and _ make the name of a database");
	if (!in(c->db_host, ALNUM "-._:"))
		bad(ctx, CONF_db_host, "is not the name of a host");
	if (c->db_host[0] != '\0' && c->db_socket[0] != '\0')
		bad(ctx, CONF_db_host, "and db_socket exclude each other");
	if (c->db_user[0] == '\0')
		bad(ctx, CONF_db_user, "this process's user has no name: "
		    "name one here");
}

static void check_sockets(const struct conf *c, check_bad_fn *bad, void *ctx)
{
	if (strlen(c->run_dir) > SUN_PATH_MAX - SOCKET_NAME_MAX)
		bad(ctx, CONF_run_dir, "the sockets in it would have paths "
		    "of over 107 characters: choose a shorter one");
	else if (strlen(c->db_socket) > SUN_PATH_MAX)
		bad(ctx, CONF_db_socket,
		    "a socket's path has at most 107 characters");
}

void check_all(const struct conf *c, check_bad_fn *bad, void *ctx)
{
	check_lists(c, bad, ctx);
	check_database(c, bad, ctx);
	check_sockets(c, bad, ctx);
	check_exchanges(c, bad, ctx);
	if (!is_address(c->listen_address) &&
	    strcmp(c->listen_address, "*") != 0 &&
	    strncmp(c->listen_address, "unix:/", 6) != 0)
		bad(ctx, CONF_listen_address, "must be an address like "
		    "127.0.0.1 or ::1, or *, or unix:/path/of/socket");
	if (!is_redis_url(c->redis_url))
		bad(ctx, CONF_redis_url, "must be redis://[user:password@]host"
		    "[:port][/db] or unix:///path[?db=n]");
	if (!is_dsn(c->sentry_dsn))
		bad(ctx, CONF_sentry_dsn, "must be https://key@host/project");
	if (c->enable_sentry && c->sentry_dsn[0] == '\0')
		bad(ctx, CONF_enable_sentry, "needs sentry_dsn");
	if (c->session_idle > c->session_absolute)
		bad(ctx, CONF_session_idle,
		    "must not be longer than session_absolute");
}
