"""What `deploytool` is held to, measured beside the tools people use today, on the sandbox of this machine."""
