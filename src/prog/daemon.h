#ifndef PROG_DAEMON_H
#define PROG_DAEMON_H
/* daemon.h - how orch-api, orch-live and orch-run begin: options, settings,
 * log, board.  They stay in the foreground and log to stderr. */
#include <sysexits.h>

#include "conf/conf.h"
#include "core/arena.h"
#include "proc/board.h"

struct daemon {
	const char *name;		/* "orch-api" */
	const char *conf_path;		/* -c FILE; NULL: the default */
	struct arena *arena;		/* until the process ends */
	struct conf *conf;
	struct board *board;		/* in run_dir, attached */
};

/* -1: go on; else the exit status (--help, --version, a mistake; a sentence
 * was printed). */
int daemon_begin(struct daemon *d, const char *name, int argc, char **argv);
/* For a new generation of children: the settings as they are in the file now,
 * or, when that is broken, the old ones and a warning. */
const struct conf *daemon_settings(struct daemon *d);
/* run_dir/name */
const char *daemon_path(struct daemon *d, const char *name);
/* A program that stands beside this one, or where it is installed. */
const char *daemon_sibling(struct daemon *d, const char *name);
/* Frees everything; returns `status`. */
int daemon_end(struct daemon *d, int status);

#endif /* PROG_DAEMON_H */
