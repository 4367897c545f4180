"""Windows: which crops a method sees, how they are scaled, given detail, and pasted back."""
