"""ArchitectureDeck in small: a web service, a worker and migrations, with PostgreSQL and Redis behind them."""
