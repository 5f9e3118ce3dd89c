# SPDX-License-Identifier: Apache-2.0
"""What bench/run is made of.

process.py   a child that cannot outlive the bench, its CPU time and memory
world.py     the servers of a run: PostgreSQL, its data, Leat, the peers; each is started when first asked for
contender.py who is measured and how
bulk.py      the same of those who take rows in, or give a million out
readings.py  the rows that are taken in
cases.py     the table of cases: to add one, add an entry
report.py    medians, ratios, goals; the page in bench/results/
machine.py   what the figures were measured on
"""
