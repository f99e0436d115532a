"""Log lines: one a transition and one a batch, never one a record, never a payload.

JSON for machines or console for people. Free text from outside (broker messages, keys) is escaped by the
renderers.
"""

import logging
import sys

import structlog
from structlog.typing import Processor

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(log_format: str, level: str) -> None:
    """Set up logging for the process, to standard error."""
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


class LibrdkafkaLog(logging.Handler):
    """Takes librdkafka's own lines, and remembers when a request of a producer timed out or a broker failed.

    librdkafka repeats such a request by itself; a late first copy could end a later transaction, so whoever
    holds the producer replaces it before the next one (KAFKA-17754; there is no KIP-890 in the client).
    """

    _AMBIGUOUS = ("REQTMOUT", "timed out", "|FAIL|")

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.ambiguous = ""
        self.logger = logging.Logger("librdkafka", logging.WARNING)  # noqa: LOG001 - one a producer, never shared
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Note one line."""
        line = record.getMessage()
        if any(word in line for word in self._AMBIGUOUS):
            self.ambiguous = line
        structlog.get_logger().warning("librdkafka", line=line[:500])

    def take(self) -> str:
        """Return and forget what was ambiguous since the last call."""
        line, self.ambiguous = self.ambiguous, ""
        return line
