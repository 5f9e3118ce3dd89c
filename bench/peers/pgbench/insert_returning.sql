-- SPDX-License-Identifier: Apache-2.0
\set n random(1, 1000000)
INSERT INTO readings (device, site, kind, taken_at, value, low, high, price, count, valid, note, unit, source, serial, details) VALUES ('device-' || :n, 'Harbour & Sons, hall 3', 'temperature', '2025-06-23T14:40:05.052792Z', 21.625, -40.5, 125.25, 1249.95, :n, true, 'read by hand, “twice”', '°C', '6f1b5a0e-7c56-4f43-9d38-0a4f6f3c2b11', 9007199254740993, '{"firmware": "2.4.1", "battery": 0.87, "tags": ["indoor", "spare"]}')
RETURNING id, device, site, kind, taken_at, value, low, high, price, count, valid, note, unit, source, serial, details;
