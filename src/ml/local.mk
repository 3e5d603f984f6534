noinst_LIBRARIES += %D%/libml.a
%C%_libml_a_SOURCES = \
	%D%/bins.c \
	%D%/boost.c \
	%D%/boost_i.h \
	%D%/calib.h \
	%D%/cpu_i.h \
	%D%/drift.h \
	%D%/eval.h \
	%D%/feature.h \
	%D%/folds.h \
	%D%/grow.c \
	%D%/hist.c \
	%D%/hist_i.h \
	%D%/kinds.c \
	%D%/kinds_list.h \
	%D%/label.h \
	%D%/ml.h \
	%D%/model.h \
	%D%/plan.c %D%/plan.h \
	%D%/registry.c %D%/registry.h %D%/registry_train.c \
	%D%/scale.h \
	%D%/trainer.h \
	%D%/trees.c \
	%D%/trees_i.h \
	%D%/trees_shap.c \
	%D%/trees_sum.c
LIB_ML = %D%/libml.a $(LIB_IND)
