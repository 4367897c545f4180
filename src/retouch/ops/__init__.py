"""Tensor operations and layers that more than one network or loss uses."""
