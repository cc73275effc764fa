"""Sessions and calls: credentials, retries, pages, and AWS errors as ours."""
