"""The audit log of the cluster: events with the names, codes and fields of Teleport 17."""
