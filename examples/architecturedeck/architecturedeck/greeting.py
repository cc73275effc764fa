"""What the page says at the top."""

GREETING = "Welcome to ArchitectureDeck"
