noinst_LIBRARIES += %D%/libscript.a
%C%_libscript_a_SOURCES = \
	%D%/again.c \
	%D%/again.h \
	%D%/ast_i.h \
	%D%/fn_account.c \
	%D%/fn_array.c \
	%D%/fn_draw.c \
	%D%/fn_linalg.c \
	%D%/fn_map.c \
	%D%/fn_matrix.c \
	%D%/fn_model.c \
	%D%/fn_text.c \
	%D%/fn_time.c \
	%D%/format.c \
	%D%/gen.c \
	%D%/gen_bind.c \
	%D%/gen_call.c \
	%D%/gen_decl.c \
	%D%/gen_draw.c \
	%D%/gen_expr.c \
	%D%/gen_i.h \
	%D%/gen_import.c \
	%D%/gen_security.c \
	%D%/gen_stmt.c \
	%D%/gen_var.c \
	%D%/heap.c \
	%D%/host.h \
	%D%/bits.c \
	%D%/bits_i.h \
	%D%/choose.c \
	%D%/group.c \
	%D%/idle.c \
	%D%/many.h \
	%D%/inputs.c \
	%D%/lex.c \
	%D%/lib_i.h \
	%D%/lib_table.c \
	%D%/names.c \
	%D%/ops.c \
	%D%/ops_i.h \
	%D%/parse.c \
	%D%/prelude.c \
	%D%/prog_i.h \
	%D%/regex.c \
	%D%/regex_i.h \
	%D%/rows_i.h \
	%D%/script.c \
	%D%/script.h \
	%D%/special.c \
	%D%/store.c \
	%D%/store.h \
	%D%/strat.h \
	%D%/share.c %D%/sub.c \
	%D%/vm.c \
	%D%/vm_i.h
nodist_%C%_libscript_a_SOURCES = %D%/starters_table.c
LIB_SCRIPT = %D%/libscript.a $(LIB_ML)

# The starter strategies are part of the binary.
starter_files = \
	strategies/adx_trend.pine \
	strategies/bollinger_breakout.pine \
	strategies/bollinger_reversion.pine \
	strategies/dca_ladder.pine \
	strategies/donchian_breakout.pine \
	strategies/ema_cross.pine \
	strategies/ensemble.pine \
	strategies/ichimoku_cloud.pine \
	strategies/keltner_pullback.pine \
	strategies/macd_trend.pine \
	strategies/ml_enhanced.pine \
	strategies/momentum_volatility.pine \
	strategies/neural_network.pine \
	strategies/parabolic_sar.pine \
	strategies/q_learning.pine \
	strategies/rsi2_reversion.pine \
	strategies/rsi_reversal.pine \
	strategies/sma_cross.pine \
	strategies/smart_adaptive.pine \
	strategies/stochastic_pullback.pine \
	strategies/supertrend.pine
# Their explanations, NAME.md beside NAME.pine.
starter_texts = $(starter_files:.pine=.md)
EXTRA_DIST += $(starter_files) $(starter_texts) %D%/starters.sh
CLEANFILES += %D%/starters_table.c
%D%/starters_table.c: $(starter_files) $(starter_texts) %D%/starters.sh
	$(AM_V_GEN)$(MKDIR_P) %D% && cd $(srcdir) && \
	  $(SHELL) %D%/starters.sh $(starter_files) >$(abs_builddir)/$@.tmp && \
	  mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
