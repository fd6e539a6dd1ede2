"""Transit gateways: their attachments, route tables and what passes between them."""
