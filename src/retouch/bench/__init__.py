"""The benchmark: metrics, the papers' protocols, speed and reports."""
