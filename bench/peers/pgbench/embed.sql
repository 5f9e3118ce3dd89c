-- SPDX-License-Identifier: Apache-2.0
\set user random(1, :users)
SELECT t.id, t.user_id, t.amount, t.status, t.industry, t.fraud_score, t.created_at, t.metadata, coalesce(f.flags, '[]') AS fraud_flags FROM (SELECT * FROM transactions WHERE user_id = :user ORDER BY created_at DESC, id DESC LIMIT 100) t LEFT JOIN LATERAL (SELECT json_agg(json_build_object('id', id, 'transaction_id', transaction_id, 'severity', severity, 'reason', reason, 'created_at', created_at)) AS flags FROM fraud_flags WHERE transaction_id = t.id) f ON true ORDER BY t.created_at DESC, t.id DESC;
