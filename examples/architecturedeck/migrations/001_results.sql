CREATE TABLE results (
    id uuid PRIMARY KEY,
    text text NOT NULL,
    length integer NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT now()
);
