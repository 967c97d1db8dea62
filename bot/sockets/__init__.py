"""Socket Mode connections and their supervision."""
