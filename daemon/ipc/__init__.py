"""What processes tell each other: messages, orders, requests, and the sockets that carry them."""
