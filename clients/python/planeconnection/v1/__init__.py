"""The calls and models of version 1 of the API. Made by cargo xtask clients; do not edit."""
