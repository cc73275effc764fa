"""What the page says at the top."""

GREETING = "Good to see you at ArchitectureDeck"
