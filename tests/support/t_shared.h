#ifndef TESTS_T_SHARED_H
#define TESTS_T_SHARED_H
/* t_shared.h - real data beside the project: ../shared/data, or where
 * ORCH_SHARED_DATA says.  A test that uses it is skipped by name where it is
 * absent, and fails there under CI. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline const char *t_shared_dir(void)
{
	static char path[4096];
	const char *dir = getenv("ORCH_SHARED_DATA"), *top = getenv("top_srcdir");

	if (dir != NULL)
		return dir;
	snprintf(path, sizeof(path), "%s/../shared/data", top != NULL ? top : ".");
	return path;
}

/* At the head of a test. */
static inline const char *t_shared(void)
{
	if (access(t_shared_dir(), R_OK) == 0)
		return t_shared_dir();
	if (getenv("CI") != NULL)
		fail_msg("%s is absent", t_shared_dir());
	skip();
	return NULL;
}

#endif /* TESTS_T_SHARED_H */
