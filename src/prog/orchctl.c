#include "config.h"

#include <stdio.h>
#include <string.h>

#include "prog/ctl.h"

#define ARENA_LIMIT ((size_t)4 << 30)

static const struct ctl_sub commands[] = {
#define X(name, fn, help) { #name, fn, NULL, help },
#include "prog/ctl_list.h"
#undef X
	{ 0 },
};

/* -c FILE and -q may stand in front of the command too. */
static bool take_global(struct ctl *c)
{
	while (c->argc > 0) {
		const char *arg = c->argv[0];
		int used = 1;

		if (strcmp(arg, "-q") == 0 || strcmp(arg, "--quiet") == 0) {
			c->quiet = true;
		} else if (strcmp(arg, "-c") == 0 ||
			   strcmp(arg, "--config") == 0) {
			if (c->argc < 2) {
				ctl_usage(c, "%s needs an argument: FILE", arg);
				return false;
			}
			c->conf_path = c->argv[1];
			used = 2;
		} else if (strncmp(arg, "--config=", 9) == 0) {
			c->conf_path = arg + 9;
		} else {
			break;
		}
		c->argc -= used;
		c->argv += used;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct ctl c = { .name = "orchctl" };
	int status;

	log_init("orchctl", LOG_L_WARN, LOG_F_TEXT);
	c.arena = arena_new("orchctl", ARENA_LIMIT);
	c.argc = argc > 0 ? argc - 1 : 0;
	c.argv = argv + (argc > 0);
	if (!take_global(&c)) {
		status = EX_USAGE;
	} else if (c.argc > 0 && (strcmp(c.argv[0], "--version") == 0 ||
				  strcmp(c.argv[0], "-V") == 0)) {
		printf("orchctl (%s) %s\n", PACKAGE_NAME, PACKAGE_VERSION);
		status = EX_OK;
	} else {
		status = ctl_dispatch(&c, commands);
	}
	arena_free(&c.arena);
	return status;
}
