"""The client that is written by hand, under the names by which generated calls import it."""

from .._client import Client
from .._client import Client as AuthenticatedClient

__all__ = ["AuthenticatedClient", "Client"]
