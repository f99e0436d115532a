"""The external identifier that travels with every request, and comes back with every answer.

Who answers may know nothing of Kafka, nor of products: what it was given says both the product, by which its
answer finds the partition, and the request that it answers. It is plain ASCII, and one word.
"""

from urllib.parse import quote, unquote

OWNER = "qosresolve"


def identify(product_id: str, obligation_id: str) -> str:
    """Return `qosresolve:<product>:<obligation>`, each part percent-encoded (RFC 3986) where it has to be."""
    return f"{OWNER}:{_escaped(product_id)}:{_escaped(obligation_id)}"


def identified(text: str) -> tuple[str, str] | None:
    """Return (product id, obligation id) of an identifier of ours; None for any other text."""
    parts = text.strip().split(":")
    if len(parts) != 3 or parts[0].lower() != OWNER:
        return None
    try:
        product_id, obligation_id = map(_plain, parts[1:])
    except UnicodeDecodeError:
        return None
    return (product_id, obligation_id) if product_id and obligation_id else None


def _escaped(part: str) -> str:
    return quote(part, safe="", errors="surrogatepass")


def _plain(part: str) -> str:
    return unquote(part, errors="surrogatepass")
