#include "config.h"

#include "test.h"
#include "t_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

/* Of this process; what a busy host does not blur. */
static int64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t one(struct auth *a, const char *name, const char *password,
		   int want, int64_t *ret_cpu)
{
	struct login in = { .name = str_c(name), .password = str_c(password),
			    .address = "192.0.2.1" };
	struct login_result res = { 0 };
	struct err err;
	int64_t t0 = clock_mono_ns(), c0 = cpu_us();
	int rc = auth_login(a, &in, &res, &err);

	if (rc != want)
		fprintf(stderr, "%s: %d %s\n", name, rc, err.msg);
	*ret_cpu = cpu_us() - c0;
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
	int64_t us[8][TRIES], t0, n = 20000;

	t_db_start();
	t_db_schema();
	conf = conf_defaults(root, t_db_dir());
	conf->run_dir = arena_printf(root, "%s/run", t_db_dir());
	a = auth_new(root, conf, t_db_open(root), &clock_real);
	if (auth_user_add(a, STR("anna"), str_c(pw), USER_TRADER, &id, &err) < 0)
		return 1;
	for (int i = 0; i < TRIES; i++) {
		t_db_sql("DELETE FROM login_throttle");
		us[0][i] = one(a, "anna", "wrong", -E_UNAUTH, &us[4][i]);
		us[1][i] = one(a, "nobody", "wrong", -E_UNAUTH,
			       &us[5][i]);
		us[2][i] = one(a, "' OR 1=1 -- ", "wrong", -E_UNAUTH,
			       &us[6][i]);
		us[3][i] = one(a, "anna", pw, 0, &us[7][i]);
	}
	for (int k = 0; k < 8; k++)
		qsort(us[k], TRIES, sizeof(int64_t), by_value);
	for (int k = 0; k < 8; k += 4)
		printf("{\"bench\":\"login\",\"unit\":\"us\",\"median_of\":\"%s\","
		       "\"known_wrong\":%lld,\"unknown\":%lld,"
		       "\"payload\":%lld,\"right\":%lld}\n",
		       k == 0 ? "time" : "cpu", (long long)us[k][TRIES / 2],
		       (long long)us[k + 1][TRIES / 2],
		       (long long)us[k + 2][TRIES / 2],
		       (long long)us[k + 3][TRIES / 2]);
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
