# `make test`, `make demo` and `make hwlab` do all their set-up themselves
# (Debian 12, root or sudo). People who know OpenStack's habits can call tox directly.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
TOX  := $(SUDO) .venv/bin/tox -q

.PHONY: help setup test nova-tests test-all mutants demo demo-keep demo-stop hwlab clean

help:
	@echo "make test       linters, types, unit and functional tests, documentation"
	@echo "make nova-tests Nova's own tests of what this project replaces"
	@echo "make test-all   all tests there are, an hour and more: before a release"
	@echo "make mutants    changes of the code that no test sees, hours of them"
	@echo "make demo       a real cloud on this machine boots an SR-IOV server"
	@echo "make demo-keep  the same, and leaves the cloud running"
	@echo "make demo-stop  ends a cloud that demo-keep left running"
	@echo "make hwlab      checks on a real kernel with SR-IOV cards, emulated"
	@echo "make clean      removes what the other targets built"

setup:
	@$(SUDO) tools/setup.sh

test: setup
	$(TOX) -e pep8,mypy,py3,functional,docs

# What CI has time for. tox -e nova-tests runs all of them.
nova-tests: setup
	$(TOX) -e nova-tests -- --include-list tests/nova_own/ci.txt

test-all: test
	$(TOX) -e cover
	$(SUDO) SRIOV_WALK_STEPS=2000 SRIOV_WALK_SEED=$$(date +%j%H%M) \
		.venv/bin/tox -q -e functional -- tests/functional/nova/test_walk.py
	$(TOX) -e nova-tests

# A part of them: make mutants MODULES='scheduler/*.py claim/tie.py'
mutants: setup
	$(TOX) -e mutants -- $(foreach module,$(MODULES),'$(module)')

demo:
	@$(SUDO) tools/demo.sh demo

demo-keep:
	@$(SUDO) tools/demo.sh demo --keep

demo-stop:
	@$(SUDO) tools/demo.sh stop

# A part of them: make hwlab CHECKS='-k macvtap'
hwlab:
	@$(SUDO) tools/setup.sh hwlab
	$(TOX) -e hwlab -- $(CHECKS)

clean:
	$(SUDO) rm -rf .tox .venv .cache .pytest_cache .ruff_cache .mutants build doc/build releasenotes/build *.egg-info
