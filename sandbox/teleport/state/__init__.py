"""The cluster in memory: resources, requests, their expiry, and the changes that watches see."""
