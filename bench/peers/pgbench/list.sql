-- SPDX-License-Identifier: Apache-2.0
\set user random(1, :users)
SELECT id, user_id, amount, status, industry, fraud_score, created_at, metadata FROM transactions WHERE user_id = :user ORDER BY created_at DESC, id DESC LIMIT 100;
