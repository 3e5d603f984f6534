# The browser client: built by npm into web/dist of the source tree, installed
# from there, and carried by `make dist`, so that a tarball needs no Node.
webdir = $(pkgdatadir)/web

install-data-local: install-web
install-web:
	@if test -f $(srcdir)/web/dist/index.html; then \
	  echo "installing the browser client"; \
	  $(MKDIR_P) "$(DESTDIR)$(webdir)" && \
	  rm -rf "$(DESTDIR)$(webdir)"/* && \
	  (cd $(srcdir)/web/dist && tar cf - .) | (cd "$(DESTDIR)$(webdir)" && tar xf -) && \
	  chmod -R u+w,go+rX "$(DESTDIR)$(webdir)"; \
	else \
	  echo "web/dist is not there: the page is not installed (npm ci && npm run build in web/)"; \
	fi
uninstall-local: uninstall-web
uninstall-web:
	rm -rf "$(DESTDIR)$(webdir)"

dist-hook: dist-web
dist-web:
	@test -f $(srcdir)/web/dist/index.html || { \
	  echo "make dist carries the built browser client: run npm ci && npm run build in web/ first" >&2; exit 1; }
	$(MKDIR_P) $(distdir)/web
	(cd $(srcdir)/web && tar cf - --exclude=./node_modules --exclude=./test-results \
	  --exclude=./tests/e2e/output .) | \
	  (cd $(distdir)/web && tar xf -)

.PHONY: install-web uninstall-web dist-web
