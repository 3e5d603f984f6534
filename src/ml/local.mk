noinst_LIBRARIES += %D%/libml.a
%C%_libml_a_SOURCES = \
	%D%/calib.h \
	%D%/drift.h \
	%D%/eval.h \
	%D%/feature.h \
	%D%/folds.h \
	%D%/kinds.c \
	%D%/kinds_list.h \
	%D%/label.h \
	%D%/ml.h \
	%D%/model.h \
	%D%/plan.c %D%/plan.h \
	%D%/registry.c %D%/registry.h %D%/registry_train.c \
	%D%/scale.h \
	%D%/trainer.h
LIB_ML = %D%/libml.a $(LIB_IND)
