"""Check an account against the deployment checklist and security practices."""
