"""Code that every gRPC call shares: the channel of the stubs, errors, limits and timestamps."""
