noinst_LIBRARIES += %D%/libml.a
%C%_libml_a_SOURCES = \
	%D%/bins.c \
	%D%/boost.c \
	%D%/boost_i.h \
	%D%/calib.c \
	%D%/calib.h \
	%D%/cpu_i.h \
	%D%/drift.c \
	%D%/drift.h \
	%D%/eval.c \
	%D%/eval.h \
	%D%/eval_draw.c \
	%D%/eval_i.h \
	%D%/eval_out.c \
	%D%/eye.c \
	%D%/feature.c \
	%D%/feature.h \
	%D%/feature_i.h \
	%D%/feature_run.c \
	%D%/feature_table.c \
	%D%/file.c \
	%D%/file_i.h \
	%D%/folds.c \
	%D%/folds.h \
	%D%/grow.c \
	%D%/hist.c \
	%D%/hist_i.h \
	%D%/import.c \
	%D%/kern.c \
	%D%/kern.h \
	%D%/kern_avx2.c \
	%D%/kern_avx512.c \
	%D%/kern_body_i.h \
	%D%/kern_cell_i.h \
	%D%/kern_gemm_i.h \
	%D%/kern_i.h \
	%D%/kern_math_i.h \
	%D%/kern_portable.c \
	%D%/kinds.c \
	%D%/kinds_list.h \
	%D%/label.c \
	%D%/label.h \
	%D%/layer.c \
	%D%/layer_attn.c \
	%D%/layer_conv.c \
	%D%/layer_i.h \
	%D%/layer_rnn.c \
	%D%/mem.c \
	%D%/mem.h \
	%D%/ml.h \
	%D%/model.c \
	%D%/model.h \
	%D%/model_i.h \
	%D%/net.c \
	%D%/net_fit.c \
	%D%/net_i.h \
	%D%/net_layout.c \
	%D%/net_run.c \
	%D%/optim.c \
	%D%/plan.c \
	%D%/plan.h \
	%D%/registry.c \
	%D%/registry.h \
	%D%/registry_train.c \
	%D%/scale.c \
	%D%/scale.h \
	%D%/shelf.c \
	%D%/shelf.h \
	%D%/train_data.c \
	%D%/train_judge.c \
	%D%/train_keep.c \
	%D%/train_search.c \
	%D%/train_walk.c \
	%D%/trainer.c \
	%D%/trainer.h \
	%D%/trainer_i.h \
	%D%/trees.c \
	%D%/trees_i.h \
	%D%/trees_shap.c \
	%D%/trees_sum.c \
	%D%/watch.c \
	%D%/xgb.c \
	%D%/xgb.h
%C%_libml_a_SOURCES += %D%/forest.c
%C%_libml_a_SOURCES += %D%/linear.c
%C%_libml_a_SOURCES += %D%/fast_i.h %D%/trees_tile.c
%C%_libml_a_SOURCES += %D%/ensemble.c %D%/ensemble_fit.c %D%/ensemble_i.h
%C%_libml_a_SOURCES += %D%/q.c %D%/q_i.h %D%/qlearn.c
LIB_ML = %D%/libml.a $(LIB_IND)
