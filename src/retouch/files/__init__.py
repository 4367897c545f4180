"""Files and folders: finding photos and masks, pairing them, checking where results go, pictures about a fill."""
