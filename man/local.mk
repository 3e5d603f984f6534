dist_man_MANS = %D%/orch-api.8 %D%/orch-live.8 %D%/orch-run.8 \
	%D%/orchctl.1

# Made from src/conf/settings.h and committed; tests/lint/generated.sh fails
# when they are stale.
dist_man_MANS += %D%/orch.conf.5
.PHONY: update-docs
update-docs: src/prog/orchctl
	src/prog/orchctl config man >$(srcdir)/man/orch.conf.5
	src/prog/orchctl config example >$(srcdir)/dist/orch.conf.example
	src/prog/orchctl openapi >$(srcdir)/doc/openapi.json
