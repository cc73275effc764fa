ALTER TABLE results ADD COLUMN author text NOT NULL DEFAULT 'unknown';
