"""What people do with the app, how the app hears of it, and what its answer does."""
