# Each verb works on a fresh machine with Python 3.11 or newer, and gcc.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/dev.stamp
# The demo needs no linter and no test tool; an environment that has them does as well.
DEMO_STAMP := .venv/demo.stamp
# make test T='tests/plan -k digest' runs a part; make build ONLY='text/*' builds a part.
T ?= tests
ONLY ?=
FAULT ?=
# Tests of servers wait for much of their time: three run on two cores.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(max(1, len(os.sched_getaffinity(0)) * 3 // 2))')
, := ,
# Each server that a test starts would compile the package again, and each test process would rewrite all tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-long test-random test-cpus test-faults test-day test-asan fuzz dev build lint format bench bench-paper proto docs site \
	dist release clean

help: ## Show the verbs
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r verb text; do printf '  make %-11s %s\n' "$$verb" "$$text"; done

demo: $(if $(wildcard $(STAMP)),$(STAMP),$(DEMO_STAMP)) ## Do the main job once, end to end
	$(call build)
	$(BIN)/python examples/demo.py

test: build ## Run the tests, long ones aside (T=PATH runs a part)
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile -m 'not long' $(T)

test-long: build ## Run the long tests
	$(BIN)/pytest -q -n auto --dist loadfile -m long $(T)

test-random: build ## Run the tests on new random cases; `make test` draws the same cases each time
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile -m 'not long' --hypothesis-profile random $(T)

test-cpus: build ## Run the tests of the importers as on other processors: fewer instruction sets, other BLAS kernels
	$(BIN)/python -m tests.cpus -n auto --dist loadfile -m 'not long' $(if $(filter-out tests,$(T)),$(T),tests/importers)

# The whole package, built once more into build/asan, where the watched kernels do not stand in the way of the others.
ASAN := build/asan
WATCHED = LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" PYTHONPATH=$(ASAN) \
	PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

test-faults: build ## Run servers under load while disks fill, files rot and processes die (FAULT=kills for one)
	$(BIN)/python -m tests.faults --table build/faults.md $(FAULT)

test-day: build ## Run a day of a production system: canaries, losses of each process, an upgrade, a restore
	$(BIN)/python -m tests.day --page build/day.md

test-asan: dev ## Run the tests of kernels and of the hot path under AddressSanitizer and UBSan
	@mkdir -p build
	PRETZEL_SANITIZE=address flock build/lock $(BIN)/python setup.py -q build --build-lib $(ASAN) --build-temp build/temp-asan
	$(WATCHED) $(BIN)/pytest -q -n auto -m 'not long' $(if $(filter-out tests,$(T)),$(T),tests/kernels tests/ops tests/engine tests/data_plane/transport tests/data_plane/oip)

# Kernels that are watched and count what code is reached stand in build/fuzz; without a limit one input may take all memory.
FUZZED := build/fuzz
FUZZ ?=
SECONDS := 30

fuzz: dev ## Look for inputs that harm a parser (SECONDS=30 for each target, FUZZ=name for one)
	@mkdir -p build
	PRETZEL_SANITIZE=fuzz flock build/lock $(BIN)/python setup.py -q build --build-lib $(FUZZED) --build-temp build/temp-fuzz
	$(BIN)/python -c 'from tests.fuzz import coverage; coverage.built()'
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so) $(CURDIR)/$(FUZZED)/coverage.so" \
	PYTHONPATH=$(FUZZED) PYTHONMALLOC=malloc UBSAN_OPTIONS=print_stacktrace=1 \
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=4096:hard_rss_limit_mb=4096 \
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(FUZZ)

dev: $(STAMP) ## Make .venv: an editable install with everything

define install
	@$(PYTHON) -c 'import sys; sys.exit("Pretzel needs Python 3.11 or newer; try make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@# What builds is installed for good, and not once more in an environment of its own.
	$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade pip 'setuptools>=77' 'cython>=3.1' 'numpy>=2'
	@# Kernels are built by `make build`, in place and in parallel: the install need not build them too.
	PRETZEL_ONLY=nothing $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e '.[$(1)]'
	touch $@
endef

define build
	@mkdir -p build
	@compgen -G 'src/pretzel/kernels/*.so' >/dev/null || echo 'Compiling the kernels: a minute or two, the first time.'
	@PRETZEL_ONLY="$${PRETZEL_ONLY:-$(ONLY)}" flock build/lock $(BIN)/python setup.py -q build_ext --inplace
endef

$(STAMP): pyproject.toml
	$(call install,all$(,)dev)

$(DEMO_STAMP): pyproject.toml
	$(call install,demo)

build: dev ## Build the kernels in place (ONLY='text/*' builds a part, PRETZEL_DEBUG=1 turns checks on)
	$(call build)

lint: dev ## Check format, style, types, layers and spelling
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: dev ## Format the code, and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: build ## Run the benchmarks (all, or ARGS=kernels.text)
	$(BIN)/python -m benchmarks.run $(ARGS)

bench-paper: build ## Run the evaluation of the PRETZEL paper and write its page (SMALL=1: minutes; ARGS='--only heavy --install')
	$(BIN)/python -m benchmarks.paper $(if $(SMALL),--small) $(ARGS)

# A generator this old writes stubs that load on every protobuf from 5 to 7; those of newer ones refuse older runtimes.
# It has wheels up to Python 3.12.
# The messages of the packages `inference` and `xds` are sets of descriptors for pools of their own.
proto: ## Generate what the packages hold of proto/: src/pretzel/v1, src/pretzel/inference, data_plane/orca
	test -x build/proto/bin/python || $(PYTHON) -m venv build/proto
	build/proto/bin/python -m pip install -q --disable-pip-version-check 'grpcio-tools==1.62.3' 'setuptools<81'
	rm -rf build/stubs && mkdir -p build/stubs
	build/proto/bin/python -m grpc_tools.protoc --proto_path=proto --python_out=build/stubs --pyi_out=build/stubs --grpc_python_out=build/stubs proto/pretzel/v1/*.proto
	rm -f src/pretzel/v1/*_pb2*
	cp build/stubs/pretzel/v1/* src/pretzel/v1/
	build/proto/bin/python -m grpc_tools.protoc --proto_path=proto --include_imports --descriptor_set_out=src/pretzel/inference/inference.binpb --pyi_out=build/stubs proto/inference/*.proto
	sed -i 's/^from inference import/from pretzel.inference import/' build/stubs/inference/*.pyi
	cp build/stubs/inference/*.pyi src/pretzel/inference/
	build/proto/bin/python -m grpc_tools.protoc --proto_path=proto --include_imports --descriptor_set_out=data_plane/orca/orca.binpb proto/xds/service/orca/v3/orca.proto

docs: build ## Write docs/operators.md and docs/onnx.md, and check that the links in the docs lead somewhere
	$(BIN)/python -m docs.generate_operators
	$(BIN)/python -m docs.generate_onnx
	$(BIN)/pytest -q tests/test_docs.py tests/test_operators_page.py tests/importers/onnx/test_page.py

site: dev ## Write the documentation as a site to build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# An environment of its own: these tools are not what the package is tested with.
RELEASING := build/release
PYTHONS ?= $(shell for minor in 11 12 13 14; do python3.$$minor -c '' 2>/dev/null && echo python3.$$minor; done)

$(RELEASING)/stamp: pyproject.toml
	test -x $(RELEASING)/bin/python || $(PYTHON) -m venv $(RELEASING)
	$(RELEASING)/bin/python -m pip install -q --disable-pip-version-check --upgrade 'pip>=25.1'
	$(RELEASING)/bin/python -m pip install -q --disable-pip-version-check --group release
	touch $@

dist: $(RELEASING)/stamp ## Build an sdist, a manylinux wheel per Python (PYTHONS='python3.12 ...') and an SBOM into dist/
	PYTHONS='$(PYTHONS)' $(RELEASING)/bin/python -m release dist

release: $(RELEASING)/stamp ## Check tree and changelog, build everything into dist/, and tag the version
	PYTHONS='$(PYTHONS)' $(RELEASING)/bin/python -m release tag

clean: ## Remove what was built; .venv stays
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find kernels data_plane -name '*.so' -delete
