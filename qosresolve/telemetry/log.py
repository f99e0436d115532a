"""Log lines: one a transition and one a batch, never one a record, never a payload.

JSON for machines or console for people. Free text from outside (broker messages, keys) is escaped by the
renderers.
"""

import logging
import re
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
    """Takes librdkafka's own lines, and remembers when a request of a producer may be on its way for ever.

    librdkafka repeats a request that timed out, or whose connection broke, by itself; a late first copy could
    end a later transaction, so whoever holds the producer replaces it before the next one (KAFKA-17754; there
    is no KIP-890 in the client).

    A connection that breaks with one request under way is told of at the level of information, and each
    error of a broker only once in half a minute: so the client's `log_level` has to be 6, and the first line
    counts. The lines wait for the client's `poll`.
    """

    _AMBIGUOUS = re.compile(r"\b(?:REQTMOUT|FAIL)\b|[Tt]imed out")
    # Nothing can be under way on a connection that never stood.
    _NEVER_STOOD = re.compile(r"Connect to \S+ failed|Failed to resolve|Connection setup timed out")

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.ambiguous = ""
        self.logger = logging.Logger("librdkafka", logging.INFO)  # noqa: LOG001 - one a producer, never shared
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Note one line, and pass on what is worth it."""
        line = record.getMessage()
        ambiguous = self._AMBIGUOUS.search(line) and not self._NEVER_STOOD.search(line)
        if ambiguous:
            self.ambiguous = self.ambiguous or line
        if ambiguous or record.levelno >= logging.WARNING:
            structlog.get_logger().warning("librdkafka", line=line[:500])

    def take(self) -> str:
        """Return and forget what was ambiguous since the last call."""
        line, self.ambiguous = self.ambiguous, ""
        return line
