/* orch-live - events to browsers; a child of orch-api. */
#include "config.h"

#include "live/live.h"
#include "ops/ops.h"
#include "proc/proc.h"
#include "prog/daemon.h"

int main(int argc, char **argv)
{
	struct live_opts o = { 0 };
	struct daemon d;
	int status = daemon_begin(&d, "orch-live", argc, argv);

	if (status >= 0)
		return status;
	o.conf = d.conf;
	/* None when started by hand. */
	o.slot = proc_slot_from_env(d.board);
	ops_report_start(d.arena, d.conf, d.name, PACKAGE_VERSION);
	return daemon_end(&d, live_serve(d.arena, &o));
}
