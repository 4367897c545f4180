"""Training: one loop for every recipe; `retouch.train.loop.train(recipe, data, config)` is the way in."""
