"""The work queue of a controller: keys, priorities, delays, results and failures."""
