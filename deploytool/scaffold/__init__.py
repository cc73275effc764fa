"""What `deploytool init` writes."""
