# What a distribution package puts elsewhere: units with our paths in them.
unitdir = $(pkgdatadir)/systemd
units_in = %D%/systemd/orch-api.socket.in %D%/systemd/orch-api.service.in \
	%D%/systemd/orch-run.service.in
EXTRA_DIST += $(units_in)
nodist_unit_DATA = %D%/systemd/orch-api.socket %D%/systemd/orch-api.service \
	%D%/systemd/orch-run.service
CLEANFILES += $(nodist_unit_DATA)
SUFFIXES = .in
.in:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	sed -e 's,@sbindir\@,$(sbindir),g' -e 's,@sysconfdir\@,$(sysconfdir),g' $< >$@.new && \
	mv $@.new $@
dist_pkgdata_DATA = %D%/orch.conf.example
