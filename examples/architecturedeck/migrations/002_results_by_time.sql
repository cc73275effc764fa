CREATE INDEX results_by_time ON results (finished_at);
