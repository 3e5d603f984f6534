noinst_LIBRARIES += %D%/libbt.a
%C%_libbt_a_SOURCES = %D%/calc.c %D%/calc.h %D%/emu.c %D%/emu.h %D%/emu_again.c %D%/emu_carry.c %D%/emu_cmd.c %D%/emu_exit.c \
	%D%/emu_fill.c %D%/emu_i.h %D%/emu_margin.c %D%/emu_path.c %D%/emu_pool.c %D%/emu_price_i.h %D%/emu_quiet.c \
	%D%/emu_risk.c %D%/emu_strict.c %D%/emu_strict_i.h %D%/emu_work.c \
	%D%/breakdown.c %D%/bt.h %D%/check.c %D%/check.h %D%/ft.c %D%/ft_as_bt.c %D%/ft.h %D%/ft_guard.c %D%/ft_i.h \
	%D%/ft_order.c %D%/ft_report.c %D%/ft_round.c %D%/ft_rules.c \
	%D%/ft_script.c %D%/ft_stats.c %D%/ft_trade.c \
	%D%/opt.h %D%/opt_eval.c %D%/opt_many.c %D%/opt_i.h %D%/opt_report.c \
	%D%/opt_result.c %D%/opt_run_i.h %D%/opt_search.c %D%/opt_spec.c \
	%D%/opt_steer.c %D%/sweep.c %D%/sweep.h %D%/sweep_page.c \
	%D%/html.c %D%/html.h %D%/html_svg.c %D%/metric_doc.c \
	%D%/models.c %D%/models.h %D%/models_out.c %D%/montecarlo.c %D%/overfit.c %D%/overfit.h \
	%D%/out.c %D%/out.h %D%/pack.c %D%/pack.h %D%/record.c %D%/record.h %D%/record_ft.c %D%/record_out.c \
	%D%/quick.c %D%/quick_i.h %D%/rate.c %D%/stretch.c \
	%D%/report.c %D%/portfolio.c %D%/run.c %D%/run_i.h \
	%D%/spec.c %D%/spec.h %D%/stats.c %D%/stats_i.h %D%/path.c \
	%D%/store.c %D%/store.h %D%/store_parts.c %D%/stored.c %D%/stored.h
LIB_BT = %D%/libbt.a $(LIB_RISK)
