"""HTML elements and plots as SVG, as text: for reports and curves. Knows nothing of what they show."""
