-- SPDX-License-Identifier: Apache-2.0
-- The application's nine indexes, then the keys between tables.
CREATE INDEX IF NOT EXISTS idx_transactions_user_id         ON transactions (user_id);
CREATE INDEX IF NOT EXISTS idx_transactions_created_at      ON transactions (created_at DESC);
CREATE INDEX IF NOT EXISTS idx_transactions_status          ON transactions (status);
CREATE INDEX IF NOT EXISTS idx_transactions_fraud_score     ON transactions (fraud_score DESC);
CREATE INDEX IF NOT EXISTS idx_fraud_flags_transaction_id   ON fraud_flags (transaction_id);
CREATE INDEX IF NOT EXISTS idx_fraud_flags_severity         ON fraud_flags (severity);
CREATE INDEX IF NOT EXISTS idx_transactions_user_date       ON transactions (user_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_transactions_industry_status ON transactions (industry, status);
CREATE INDEX IF NOT EXISTS idx_transactions_metadata        ON transactions USING GIN (metadata);

-- ADD CONSTRAINT has no IF NOT EXISTS: dropping first (which is instant) makes this file one that can be run again.
ALTER TABLE transactions DROP CONSTRAINT IF EXISTS transactions_user_id_fkey,
    ADD CONSTRAINT transactions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE fraud_flags DROP CONSTRAINT IF EXISTS fraud_flags_transaction_id_fkey,
    ADD CONSTRAINT fraud_flags_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES transactions (id);
