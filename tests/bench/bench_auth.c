#include "config.h"

#include "test.h"
#include "t_db.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/auth_i.h"
#include "conf/conf.h"

/* How long sign-ins take, and whether the time tells if a name is known.
 * Tries alternate, so that what else happens on the host hits both. */
#define TRIES 60

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t one(struct auth *a, const char *name, const char *password,
		   int want)
{
	struct login in = { .name = str_c(name), .password = str_c(password),
			    .address = "192.0.2.1" };
	struct login_result res = { 0 };
	struct err err;
	int64_t t0 = clock_mono_ns();
	int rc = auth_login(a, &in, &res, &err);

	if (rc != want)
		fprintf(stderr, "%s: %d %s\n", name, rc, err.msg);
	return (clock_mono_ns() - t0) / 1000;
}

int main(void)
{
	static const char pw[] = "nine brown owls count 47 stars";
	struct arena *root = arena_new("bench", 1 << 26);
	struct conf *conf;
	struct auth *a;
	struct err err;
	uint64_t id;
	int64_t us[4][TRIES], t0, n = 20000;

	t_db_start();
	t_db_schema();
	conf = conf_defaults(root, t_db_dir());
	conf->run_dir = arena_printf(root, "%s/run", t_db_dir());
	a = auth_new(root, conf, t_db_open(root), &clock_real);
	if (auth_user_add(a, STR("anna"), str_c(pw), USER_TRADER, &id, &err) < 0)
		return 1;
	for (int i = 0; i < TRIES; i++) {
		t_db_sql("DELETE FROM login_throttle");
		us[0][i] = one(a, "anna", "wrong", -E_UNAUTH);
		us[1][i] = one(a, "nobody", "wrong", -E_UNAUTH);
		us[2][i] = one(a, "' OR 1=1 -- ", "wrong", -E_UNAUTH);
		us[3][i] = one(a, "anna", pw, 0);
	}
	for (int k = 0; k < 4; k++)
		qsort(us[k], TRIES, sizeof(int64_t), by_value);
	for (int q = 0; q < 2; q++) {	/* least, which load disturbs less */
		int at = q * TRIES / 2;

		printf("{\"bench\":\"login\",\"unit\":\"us\",\"of\":\"%s\","
		       "\"known_wrong\":%lld,\"unknown\":%lld,"
		       "\"payload\":%lld,\"right\":%lld}\n",
		       q == 0 ? "least" : "median", (long long)us[0][at],
		       (long long)us[1][at], (long long)us[2][at],
		       (long long)us[3][at]);
	}
	{
		struct login in = { .name = STR("anna"), .password = str_c(pw) };
		struct login_result res;
		struct identity who;

		if (auth_login(a, &in, &res, &err) < 0)
			return 1;
		t0 = clock_mono_ns();
		for (int64_t i = 0; i < n; i++)
			if (auth_request(a, str_c(res.cookie), STR(""), &who,
					 &err) < 0)
				return 1;
		printf("{\"bench\":\"auth_request\",\"unit\":\"us\",\"mean\":%.1f}\n",
		       (double)(clock_mono_ns() - t0) / 1000 / (double)n);
	}
	arena_free(&root);
	return 0;
}
