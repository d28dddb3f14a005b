"""Talk between processes: messages, orders, requests, and the sockets that carry them."""
