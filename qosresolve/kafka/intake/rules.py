"""Which rules an intake follows: those of the settings' file, or the shipped ones."""

from qosresolve.errors import ConfigError
from qosresolve.intake import rules_file
from qosresolve.intake.rules import Rules
from qosresolve.settings import Settings


def configured(settings: Settings) -> Rules:
    """Return the rules. Raises ConfigError that names file, line and key."""
    file = settings.intake_rules_file
    if file is None:
        return rules_file.shipped()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cannot read {file}: {error}",
            setting="intake_rules_file",
            remedy="name a file that is there, or leave it out for the shipped rules",
        ) from None
    return rules_file.load(text, str(file))
