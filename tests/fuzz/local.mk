# Fuzz targets.  To add one: fuzz_x.c, seeds in corpus/x/, and three lines:
#
#	fuzz_targets += %D%/fuzz_x
#	%C%_fuzz_x_LDADD = $(fuzz_ldadd)
#	%C%_fuzz_x_LDFLAGS = $(fuzz_ldflags)
fuzz_targets =
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
AM_CPPFLAGS += -I$(srcdir)/%D%
EXTRA_DIST += %D%/fuzz.h %D%/fuzz_import.h %D%/corpus

fuzz_targets += %D%/fuzz_api_body
%C%_fuzz_api_body_LDADD = $(fuzz_ldadd)
%C%_fuzz_api_body_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_api_query
%C%_fuzz_api_query_LDADD = $(fuzz_ldadd)
%C%_fuzz_api_query_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_api_request
%C%_fuzz_api_request_LDADD = $(fuzz_ldadd)
%C%_fuzz_api_request_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_fcgi
%C%_fuzz_fcgi_LDADD = $(fuzz_ldadd)
%C%_fuzz_fcgi_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_candle_block
%C%_fuzz_candle_block_LDADD = $(fuzz_ldadd)
%C%_fuzz_candle_block_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_import_csv
%C%_fuzz_import_csv_LDADD = $(fuzz_ldadd)
%C%_fuzz_import_csv_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_import_json
%C%_fuzz_import_json_LDADD = $(fuzz_ldadd)
%C%_fuzz_import_json_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_import_zip
%C%_fuzz_import_zip_LDADD = $(fuzz_ldadd)
%C%_fuzz_import_zip_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_json
%C%_fuzz_json_LDADD = $(fuzz_ldadd)
%C%_fuzz_json_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_ml_layout
%C%_fuzz_ml_layout_LDADD = $(fuzz_ldadd)
%C%_fuzz_ml_layout_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_ml_model
%C%_fuzz_ml_model_LDADD = $(fuzz_ldadd)
%C%_fuzz_ml_model_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_ml_weights
%C%_fuzz_ml_weights_LDADD = $(fuzz_ldadd)
%C%_fuzz_ml_weights_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_live
%C%_fuzz_live_LDADD = $(fuzz_ldadd)
%C%_fuzz_live_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_money
%C%_fuzz_money_LDADD = $(fuzz_ldadd)
%C%_fuzz_money_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_script
%C%_fuzz_script_LDADD = $(fuzz_ldadd)
%C%_fuzz_script_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_settings
%C%_fuzz_settings_LDADD = $(fuzz_ldadd)
%C%_fuzz_settings_LDFLAGS = $(fuzz_ldflags)
fuzz_targets += %D%/fuzz_text
%C%_fuzz_text_LDADD = $(fuzz_ldadd)
%C%_fuzz_text_LDFLAGS = $(fuzz_ldflags)

fuzz_targets += %D%/fuzz_xgb
%C%_fuzz_xgb_LDADD = $(fuzz_ldadd)
%C%_fuzz_xgb_LDFLAGS = $(fuzz_ldflags)

# libFuzzer brings a main() of its own; else ours replays the corpus.
check_PROGRAMS += $(fuzz_targets)
if FUZZ
fuzz_ldadd = $(LIB_LIVE) $(ORCH_LIBS)
else
check_LIBRARIES += %D%/libfuzz.a
%C%_libfuzz_a_SOURCES = %D%/fuzz_main.c
fuzz_ldadd = %D%/libfuzz.a $(LIB_LIVE) $(ORCH_LIBS)
TESTS += $(fuzz_targets)
endif

# New inputs stay in the build directory, beside the program.
FUZZ_SECONDS = 60
.PHONY: fuzz
fuzz: $(BUILT_SOURCES) $(fuzz_targets)
	@for t in $(fuzz_targets); do \
	  n=$$(basename $$t | sed 's/^fuzz_//'); \
	  $(MKDIR_P) $$t.new && echo "FUZZ $$n" && \
	  ./$$t -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -verbosity=0 \
	    $$t.new $(srcdir)/tests/fuzz/corpus/$$n || exit 1; \
	done
