#include "config.h"
#include "test.h"
#include "t_env.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "conf/conf_i.h"
#include "core/str.h"

/* One test for each setting, made from the table: it is read from the file
 * and from the environment, its range is watched, and it is shown. */

static char path[] = "/tmp/test_conf_settings.XXXXXX";

/* A value other than the default; also for those with a syntax of their own. */
static const char *other_value(struct arena *a, const struct setting *s)
{
	static const char *const own[][2] = {
		{ "redis_url", "unix:///run/redis.sock?db=2" },
		{ "sentry_dsn", "https://key@host.example/7" },
		{ "listen_address", "::1" }, { "db_host", "db.example" },
		{ "cors_origins", "https://a.example, http://b.example:81" },
		{ "metrics_allow", "10.0.0.0/8, fd00::/8" },
		{ "session_idle", "61s" }, { "env", "development" },
		{ "log_level", "error" }, { "log_format", "text" },
		{ "cookie_secure", "never" },
		{ "binance_url", "https://binance.example" },
		{ "coinbase_url", "http://127.0.0.1:81" },
		{ "kraken_url", "http://[::1]:8080/x" },
		{ "kucoin_url", "https://kucoin.example:8443/api" },
	};

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcmp(own[i][0], s->name) == 0)
			return own[i][1];
	switch (s->type) {
	case T_INT:
		return arena_printf(a, "%lld", (long long)s->hi);
	case T_SECS:
		return arena_printf(a, "%llds", (long long)s->hi);
	case T_BYTES:
		return arena_printf(a, "%lldK", (long long)s->hi / 1024);
	case T_BOOL:
		return strcmp(s->def, "true") == 0 ? "false" : "true";
	case T_PATH:
		return "/a/b";
	case T_TEXT:
	case T_SECRET:
	case T_LIST:
	case T_ENUM:
		break;
	}
	return "other";
}

static void write_setting(const struct setting *s, const char *value)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "%s = %s\n", s->name, value);
	if (strcmp(s->name, "enable_sentry") == 0)
		fputs("sentry_dsn = https://key@h/1\n", f);
	assert_int_equal(fclose(f), 0);
}

static const char *shown(struct arena *a, const struct conf *c,
			 const struct setting *s)
{
	struct sbuf b;

	sbuf_init(&b, a, 10000);
	conf_value(&b, s, c);
	return sbuf_finish(&b);
}

static const char *loaded(struct arena *a, const struct setting *s)
{
	struct conf *c = NULL;
	struct err err;

	if (conf_load(a, path, &c, &err) < 0)
		fail_msg("%s", err.msg);
	return shown(a, c, s);
}

static void out_of_range(struct arena *a, const struct setting *s, const char *v)
{
	struct conf *c;
	struct err err;

	write_setting(s, v);
	assert_int_equal(conf_load(a, path, &c, &err), -E_INVAL);
	if (strstr(err.msg, s->name) == NULL ||
	    strstr(err.msg, "must be") == NULL ||
	    strstr(err.msg, ":1: ") == NULL)
		fail_msg("%s", err.msg);
}

static const char *long_text(struct arena *a, const char *start, int64_t n)
{
	char *p = arena_alloc(a, (size_t)n + 1);

	memset(p, 'x', (size_t)n);
	memcpy(p, start, strlen(start));
	return p;
}

static void check_range(struct arena *a, const struct setting *s)
{
	switch (s->type) {
	case T_INT:
	case T_SECS:
	case T_BYTES:
		out_of_range(a, s, arena_printf(a, "%lld", (long long)s->lo - 1));
		out_of_range(a, s, arena_printf(a, "%lld", (long long)s->hi + 1));
		out_of_range(a, s, "1x");
		out_of_range(a, s, "99999999999999999999");
		break;
	case T_BOOL:
	case T_ENUM:
		out_of_range(a, s, "perhaps");
		break;
	case T_TEXT:
	case T_SECRET:
		out_of_range(a, s, long_text(a, "x", s->hi + 1));
		if (s->lo > 0)
			out_of_range(a, s, "");
		break;
	case T_PATH:
		out_of_range(a, s, long_text(a, "/", s->hi + 1));
		break;
	case T_LIST:
		out_of_range(a, s, "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,"
			"v,w,x,y,z,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,"
			"v,w,x,y,z,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t");
		break;
	}
}

static void upper(char *to, const char *prefix, const char *name)
{
	sprintf(to, "%s", prefix);
	for (to += strlen(prefix); *name != '\0'; name++)
		*to++ = *name >= 'a' && *name <= 'z' ? (char)(*name - 32) : *name;
	*to = '\0';
}

static void setting_is_read_checked_and_shown(void **state)
{
	const struct setting *s = *state;
	struct arena *a = arena_new("t", 16 << 20);
	const char *value = other_value(a, s), *def, *got;
	char var[80];

	t_env_clear();
	def = shown(a, conf_defaults(a, "/s"), s);
	write_setting(s, value);
	got = loaded(a, s);
	if (s->type == T_SECRET)
		assert_string_equal(got, "***");
	else
		assert_string_not_equal(got, def);
	if (s->type == T_TEXT || s->type == T_LIST || s->type == T_ENUM ||
	    s->type == T_PATH || s->type == T_BOOL || s->type == T_INT)
		assert_string_equal(got, value);

	write_setting(s, s->def[0] != '\0' ? s->def : "\"\"");
	upper(var, "ORCH_", s->name);
	setenv(var, value, 1);
	assert_string_equal(loaded(a, s), got);
	unsetenv(var);
	upper(var, "PERF_", s->name);
	setenv(var, value, 1);
	if (conf_is_perf(s))
		assert_string_equal(loaded(a, s), got);
	else
		assert_string_not_equal(loaded(a, s), got);
	t_env_clear();
	check_range(a, s);
	arena_free(&a);
}

/* The example file, with every # in front of a setting removed, loads and
 * changes nothing. */
static void the_example_shows_the_defaults(void **state)
{
	struct arena *a = arena_new("t", 16 << 20);
	struct sbuf ex, one, two;
	struct conf *c;
	struct err err;
	FILE *f = fopen(path, "w");

	(void)state;
	t_env_clear();
	sbuf_init(&ex, a, 1 << 20);
	conf_example(&ex);
	for (const char *p = sbuf_finish(&ex); *p != '\0'; p++)
		if (*p != '#' || p[1] == ' ')
			fputc(*p, f);
	assert_int_equal(fclose(f), 0);
	if (conf_load(a, path, &c, &err) < 0)
		fail_msg("%s", err.msg);
	sbuf_init(&one, a, 1 << 20);
	sbuf_init(&two, a, 1 << 20);
	for (size_t i = 0; i < CONF__MAX; i++) {
		assert_int_equal(c->origin[i].from, CONF_FROM_FILE);
		conf_value(&one, &conf_settings[i], c);
		conf_value(&two, &conf_settings[i],
			   conf_defaults(a, "/var/lib/orch"));
	}
	assert_string_equal(sbuf_finish(&one), sbuf_finish(&two));
	arena_free(&a);
}

int main(void)
{
	static struct CMUnitTest tests[CONF__MAX + 1];
	static char names[CONF__MAX][100];
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 99;
	close(fd);
	for (size_t i = 0; i < CONF__MAX; i++) {
		snprintf(names[i], sizeof(names[i]),
			 "%s_is_read_checked_and_shown", conf_settings[i].name);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = setting_is_read_checked_and_shown,
			.initial_state = (void *)(uintptr_t)&conf_settings[i],
		};
	}
	tests[CONF__MAX] = (struct CMUnitTest)
		cmocka_unit_test(the_example_shows_the_defaults);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
