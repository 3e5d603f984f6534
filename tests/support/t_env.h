#ifndef TESTS_T_ENV_H
#define TESTS_T_ENV_H
/* t_env.h - forget every variable that is a setting; the test runner's own
 * stay. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* valgrind has an allocator of its own, and dies where memory is short. */
static inline bool t_under_valgrind(void)
{
	const char *s = getenv("LD_PRELOAD");

	return s != NULL && strstr(s, "vgpreload") != NULL;
}

static inline void t_env_clear(void)
{
	char name[100];

	for (char **e = environ; *e != NULL;) {
		if (strncmp(*e, "ORCH_", 5) != 0 && strncmp(*e, "PERF_", 5) != 0) {
			e++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*e, "="), *e);
		unsetenv(name);
		e = environ;
	}
}

#endif
