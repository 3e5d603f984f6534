# Integration tests in shell: the real mariadbd, nginx and programs.  They run
# one after the other with `make check-integ`.
integ_scripts =
integ_scripts += %D%/00-env.sh
integ_scripts += %D%/10-nginx.sh

dist_check_SCRIPTS += $(integ_scripts)
EXTRA_DIST += %D%/env.sh

.PHONY: check-integ
check-integ: all
	$(MAKE) $(AM_MAKEFLAGS) -j1 check-TESTS TESTS='$(integ_scripts)'
