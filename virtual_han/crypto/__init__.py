"""The cryptography of Smart Energy, in code of its own: nothing is shared with the product under test."""
