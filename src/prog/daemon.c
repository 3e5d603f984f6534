#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "prog/daemon.h"

#define ARENA_LIMIT ((size_t)64 << 20)

static int usage(const char *name, FILE *to, int status)
{
	fprintf(to, "usage: %s [-c FILE]\n       %s --help | --version\n"
		"\n  -c, --config FILE   read the settings from FILE\n",
		name, name);
	return status;
}

static int options(struct daemon *d, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0)
			return usage(d->name, stdout, EX_OK);
		if (strcmp(a, "--version") == 0 || strcmp(a, "-V") == 0) {
			printf("%s (%s) %s\n", d->name, PACKAGE_NAME,
			       PACKAGE_VERSION);
			return EX_OK;
		}
		if ((strcmp(a, "-c") == 0 || strcmp(a, "--config") == 0) &&
		    i + 1 < argc) {
			d->conf_path = argv[++i];
		} else if (strncmp(a, "--config=", 9) == 0) {
			d->conf_path = a + 9;
		} else {
			fprintf(stderr, "%s: what is \"%s\"?\n", d->name, a);
			return usage(d->name, stderr, EX_USAGE);
		}
	}
	return -1;
}

/* A mathematics library that is loaded in place of the plain one (or with it)
 * would start a thread for each processor in each forked worker, and threads do
 * not live through a fork.  It reads these when it is loaded, so they must be
 * there before the program is: once it is begun anew. */
static void no_library_threads(char **argv)
{
	static const char *const names[] = { "OPENBLAS_NUM_THREADS",
		"OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
		"GOTO_NUM_THREADS" };
	bool missing = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		missing |= v == NULL || strcmp(v, "1") != 0;
		if (setenv(names[i], "1", 1) < 0)
			return;
	}
	if (missing)			/* on failure it runs as it is */
		(void)execv("/proc/self/exe", argv);
}

int daemon_begin(struct daemon *d, const char *name, int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };
	struct err err;
	int rc;

	no_library_threads(argv);
	*d = (struct daemon){ .name = name };
	rc = options(d, argc, argv);
	if (rc >= 0)
		return rc;
	d->arena = arena_new(name, ARENA_LIMIT);
	log_init(name, LOG_L_WARN, LOG_F_TEXT);
	if (conf_load(d->arena, d->conf_path, &d->conf, &err) < 0) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		return daemon_end(d, EX_CONFIG);
	}
	conf_log_init(d->conf, name);
	if (d->conf->env == ENV_PRODUCTION)	/* cores hold secrets */
		setrlimit(RLIMIT_CORE, &none);
	if (mkdir(d->conf->run_dir, 0755) < 0 && errno != EEXIST) {
		log_error(NULL, "make directory %s: %s", d->conf->run_dir,
			  strerror(errno));
		return daemon_end(d, EX_CANTCREAT);
	}
	if (board_open(d->arena, daemon_path(d, "board"), &d->board, &err) < 0) {
		log_error(NULL, "%s", err.msg);
		return daemon_end(d, EX_CANTCREAT);
	}
	board_attach(d->board);
	return -1;
}

const struct conf *daemon_settings(struct daemon *d)
{
	struct conf *c;
	struct err err;

	if (conf_load(d->arena, d->conf_path, &c, &err) < 0) {
		log_warn(NULL, "the old settings stay: %s", err.msg);
		return d->conf;
	}
	conf_log_init(c, d->name);
	return c;
}

const char *daemon_path(struct daemon *d, const char *name)
{
	return arena_printf(d->arena, "%s/%s", d->conf->run_dir, name);
}

const char *daemon_sibling(struct daemon *d, const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash, *path;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	path = slash == NULL ? name :
		arena_printf(d->arena, "%.*s/%s", (int)(slash - self), self,
			     name);
	if (access(path, X_OK) == 0)
		return path;
	return arena_printf(d->arena, "%s/%s", ORCH_SBINDIR, name);
}

int daemon_end(struct daemon *d, int status)
{
	arena_free(&d->arena);
	return status;
}
