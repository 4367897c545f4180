"""The methods that fill holes, each behind the contract of `base`."""
