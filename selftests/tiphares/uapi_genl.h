/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the generic netlink family share: a socket, a message, an answer. */
#ifndef TIPHARES_UAPI_GENL_H
#define TIPHARES_UAPI_GENL_H

#include "uapi_lib.h"

FIXTURE(genl) {
	struct genl genl;
	struct message msg;
	struct answer answer;
};

FIXTURE_SETUP(genl)
{
	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, namespace_own());
	ASSERT_EQ(0, genl_open(&self->genl));
}

FIXTURE_TEARDOWN(genl)
{
	ASSERT_EQ(0, privilege_take());
	close(self->genl.fd);
	module_unload();
}

#define BEGIN(command) msg_init(&self->msg, self->genl.family, command, 0)
#define ASK() genl_ask(&self->genl, &self->msg, &self->answer)

/* Refused, with a sentence that has @words, about an attribute of type @where. */
#define EXPECT_REFUSED(error, words, where) do {			\
	ASSERT_LE(0, ASK());						\
	EXPECT_EQ(error, self->answer.err);				\
	EXPECT_NE(NULL, strstr(self->answer.text, words)) {		\
		TH_LOG("it says \"%s\"", self->answer.text);		\
	}								\
	EXPECT_EQ(where, self->answer.attr);				\
} while (0)

#define EXPECT_DONE() do {						\
	ASSERT_LE(0, ASK());						\
	EXPECT_EQ(0, self->answer.err) {				\
		TH_LOG("it says \"%s\"", self->answer.text);		\
	}								\
} while (0)

#endif /* TIPHARES_UAPI_GENL_H */
