#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"

/* Replays the files of corpus/<name>, or those named, as one TAP test. */

static int n_inputs;

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *buf;
	size_t n;

	if (f == NULL || fstat(fileno(f), &st) < 0) {
		printf("# %s: %s\n", path, strerror(errno));
		return -1;
	}
	/* Exactly as large as the input, so that a sanitizer sees a read past
	 * its end. */
	buf = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	n = buf != NULL ? fread(buf, 1, (size_t)st.st_size, f) : 0;
	fclose(f);
	if (buf == NULL || n != (size_t)st.st_size) {
		printf("# %s: cannot be read\n", path);
		free(buf);
		return -1;
	}
	/* A crash shall leave the name of its input behind. */
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(buf, n);
	free(buf);
	n_inputs++;
	return 0;
}

static int replay_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[8192];
	int rc = 0;

	if (d == NULL) {
		printf("# %s: %s\n", dir, strerror(errno));
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%.4095s/%s", dir, e->d_name);
		if (replay(path) < 0)
			rc = -1;
	}
	closedir(d);
	return rc;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *top = getenv("top_srcdir");
	const char *name = slash != NULL ? slash + 1 : argv[0];
	char dir[4096];
	int rc = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("1..1");
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) < 0)
			rc = -1;
	if (argc == 1) {
		snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s",
			 top != NULL ? top : ".", name);
		rc = replay_dir(dir);
	}
	printf("%s 1 - %d inputs of %s keep its promises\n",
	       rc == 0 && n_inputs > 0 ? "ok" : "not ok", n_inputs, name);
	return 0;
}
