-- SPDX-License-Identifier: Apache-2.0
\set n random(1, 1000000)
INSERT INTO readings (device, site, kind, taken_at, value, low, high, price, count, valid, note, unit, source, serial, details) VALUES ('device-' || :n, :site, :kind, :taken_at, :value, :low, :high, :price, :n, :valid, :note, :unit, :source, :serial, :details);
