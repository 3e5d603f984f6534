#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"
#include "core/fault.h"
#include "ml/ml.h"

static unsigned files_in(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Whatever fails on the way, what stood there stands there, alone. */
static void a_model_file_that_cannot_be_written_leaves_the_old_one(void **state)
{
	char dir[] = "/tmp/orch-mlXXXXXX", path[64], line[16];
	struct err err;
	unsigned n = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.model", dir);
	assert_int_equal(ml_file_save(path, "old", 3, &err), 0);
	for (;;) {
		FILE *f;
		int rc;

		fault_arm(++n);
		rc = ml_file_save(path, "new", 3, &err);
		if (rc == 0)
			break;
		assert_int_equal(rc, -E_IO);
		assert_true(fault_struck());
		assert_non_null(strstr(err.msg, path));
		f = fopen(path, "r");
		assert_non_null(fgets(line, sizeof(line), f));
		fclose(f);
		assert_string_equal(line, "old");
		assert_int_equal(files_in(dir), 1);
	}
	fault_arm(0);
	assert_int_equal(n, 4);		/* write, sync, rename */
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_file_that_cannot_be_written_leaves_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
