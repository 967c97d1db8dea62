"""What the stand-in answers: one file per kind of call, and the gRPC services over them."""
