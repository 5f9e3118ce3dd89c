# SPDX-License-Identifier: Apache-2.0
# A thin door to meson, tests/run and bench/run. `make` alone prints help.
SHELL = /bin/bash
.SHELLFLAGS = -eu -o pipefail -c

LISTEN ?= 127.0.0.1:8080
ROWS ?= 1000000
EXAMPLE ?= sentinel
DEMO_FILE = build/demo$(if $(filter-out sentinel,$(EXAMPLE)),-$(EXAMPLE)).db
SECONDS ?= 60
URL = http://$(LISTEN)

.PHONY: help build demo quick check endure bench load fuzz format clean
.SILENT:

help:
	echo 'Leat serves a SQL database as a fast JSON API.'
	echo
	echo '  make build    the release program, build/leat'
	echo '  make demo     an API over SQLite with $(ROWS) transactions, on $(LISTEN) (LISTEN=, ROWS= change it;'
	echo '                EXAMPLE=minixdr: with users and tenants; planner)'
	echo
	echo '  make quick    a minute: format, layers, words, unit tests, fuzz corpora, the API on SQLite'
	echo '  make check    a quarter of an hour: all tests, with PostgreSQL, faults and sanitizers'
	echo '  make endure   hours: check, valgrind, every fault, long fuzzing'
	echo '  make bench    Leat beside its peers, into bench/results/'
	echo '  make load     a thousand users at once, by Locust, into bench/results/'
	echo '  make fuzz     one fuzz target: T=name SECONDS=60'
	echo '  make format   rewrites the C files as .clang-format says'
	echo '  make clean    removes what these made'
	echo
	echo 'The Debian packages a target needs are installed first, by sudo when you are not root.'

build: build/build.ninja
	tools/packages build
	ninja -C build --quiet leat | sed "/no work to do/d"

build/build.ninja:
	tools/packages build
	meson setup build -Dtests=false -Db_lto=true >/dev/null

demo:
	tools/packages demo
	$(MAKE) --no-print-directory build
	examples/$(EXAMPLE)/load sqlite:$(DEMO_FILE) $(ROWS)
	echo
	echo 'Try, from another terminal:'
	sed -nE 's#localhost:8080#$(URL)#; s#^    ((login|ask)\(\)|login )#  \1#p; s#^\| `((curl|login|ask) [^`]*)`.*#  \1#p' examples/$(EXAMPLE)/README.md
	echo 'Control-C ends it.'
	echo
	exec build/leat serve -c examples/$(EXAMPLE)/leat.yaml --database sqlite:$(DEMO_FILE) --listen $(LISTEN)

quick:
	tools/packages quick
	tests/run quick

check:
	tools/packages check
	tests/run check

endure:
	tools/packages endure
	mkdir -p bench/results
	tests/run endure | tee build/endure.txt && mv build/endure.txt bench/results/endure.txt

bench: build
	tools/packages bench
	bench/run

load: build
	tools/packages load
	load_tests/run

fuzz:
	tools/packages check
	tests/run fuzz $(T) $(SECONDS)

format:
	tools/check-format --fix

clean:
	rm -rf build build-san build-tsan build-plain build-fuzz
