"""What a release withstands: measured on a sandbox by killing, racing, cancelling it, and by a cloud that fails."""
