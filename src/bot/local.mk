noinst_LIBRARIES += %D%/libbot.a
%C%_libbot_a_SOURCES = \
	%D%/bot.h %D%/bot_i.h \
	%D%/desk.c %D%/desk.h %D%/desk_i.h %D%/desk_plan.c \
	%D%/lease.c \
	%D%/models.c %D%/models.h \
	%D%/open.c \
	%D%/row.c \
	%D%/runner.c \
	%D%/show.c \
	%D%/tell.c \
	%D%/tick.c \
	%D%/verify.c %D%/verify.h
LIB_BOT = %D%/libbot.a $(LIB_BT)
