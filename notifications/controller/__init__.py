"""The control loop: mirror, work queue, reconciler, lease and timers."""
