-- SPDX-License-Identifier: Apache-2.0
\set id random(1, :rows)
SELECT id, user_id, amount, status, industry, fraud_score, created_at, metadata FROM transactions WHERE id = :id;
