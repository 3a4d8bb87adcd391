"""The API, as made from its `.proto` files."""
