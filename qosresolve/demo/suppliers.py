"""Suppliers behind party performance management, simulated: prompt, late with a poor promise, or silent."""

from collections.abc import Callable

from qosresolve.core.requests import SupplierRequest
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.cast import Product, known
from qosresolve.demo.desk import PACES, Desk
from qosresolve.demo.post import Outbox
from qosresolve.topics import SUPPLIER_STATUS


class Suppliers:
    """Every supplier; a product's temper is that of its supplier."""

    def __init__(
        self, agenda: Agenda, post: Outbox, products: dict[str, Product], mended: Callable[[Product], None]
    ) -> None:
        self._products = products
        self._mended = mended
        self._desk = Desk(agenda, post, SUPPLIER_STATUS)

    def engaged(self, request: SupplierRequest) -> None:
        """Take an engagement; resolving it mends the product."""
        product = known(self._products, request.context.product_id)
        self._desk.take(request, PACES[product.temper], done=lambda: self._mended(product))
