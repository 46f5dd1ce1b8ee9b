# SPDX-License-Identifier: GPL-2.0-only
# Debian packages: `make deps` for everything, `make deps FOR=build` for less. check and demo depend on
# deps-check and deps-demo (deb and check-install on theirs), which do nothing where nothing is missing.

FOR ?= check
.PHONY: deps deps-build deps-check deps-demo deps-bench deps-deb deps-install

deps:
	@scripts/deps.sh $(FOR)

deps-build deps-check deps-demo deps-bench deps-deb deps-install:
	@scripts/deps.sh $(@:deps-%=%)
