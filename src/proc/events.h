#ifndef PROC_EVENTS_H
#define PROC_EVENTS_H
/* events.h - tell the browsers that are watching: one datagram to orch-live.
 *
 * Publishing never blocks and never fails the caller: when orch-live is away
 * or its socket is full the event is dropped and counted.  Events are hints
 * for the page; the truth is in the database.
 *
 * (Stands in proc because runners and feeds publish, and they are below ops.) */
#include "core/err.h"

struct arena;
/* Once per process after fork; closed with `out`.  Without it publishing
 * drops. */
void events_open(struct arena *out, const char *run_dir);
/* `json` is one JSON value; `user` its owner, 0 for everyone signed in. */
void events_publish(const char *topic, const char *type, uint64_t user,
		    const char *json, size_t n);
/* What is dropped above this size. */
#define EVENT_MAX	(60u * 1024)

#endif /* PROC_EVENTS_H */
