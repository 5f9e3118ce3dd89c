-- SPDX-License-Identifier: Apache-2.0
-- The application's indexes. The ninth, GIN on transactions.metadata, is left out: SQLite has nothing like it
-- (an index on an expression, json_extract(metadata, '$.country'), serves one member at a time).
CREATE INDEX IF NOT EXISTS idx_transactions_user_id         ON transactions (user_id);
CREATE INDEX IF NOT EXISTS idx_transactions_created_at      ON transactions (created_at DESC);
CREATE INDEX IF NOT EXISTS idx_transactions_status          ON transactions (status);
CREATE INDEX IF NOT EXISTS idx_transactions_fraud_score     ON transactions (fraud_score DESC);
CREATE INDEX IF NOT EXISTS idx_fraud_flags_transaction_id   ON fraud_flags (transaction_id);
CREATE INDEX IF NOT EXISTS idx_fraud_flags_severity         ON fraud_flags (severity);
CREATE INDEX IF NOT EXISTS idx_transactions_user_date       ON transactions (user_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_transactions_industry_status ON transactions (industry, status);
