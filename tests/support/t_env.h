#ifndef TESTS_T_ENV_H
#define TESTS_T_ENV_H
/* t_env.h - forget every variable that is a setting; the test runner's own
 * stay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
