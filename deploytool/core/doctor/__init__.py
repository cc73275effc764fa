"""Is the account as the architecture wants it? Facts go in, findings with their fix come out; nothing is asked here."""
