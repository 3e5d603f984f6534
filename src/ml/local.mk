noinst_LIBRARIES += %D%/libml.a
%C%_libml_a_SOURCES = \
	%D%/kinds.c \
	%D%/kinds_list.h \
	%D%/model.h
LIB_ML = %D%/libml.a $(LIB_IND)
