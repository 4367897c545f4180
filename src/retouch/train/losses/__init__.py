"""Training losses, one kind per file, each with its source."""
