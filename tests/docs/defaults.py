"""The settings as they are when nobody sets anything, whatever the environment of the generator says."""

from qosresolve.settings import Settings

DEFAULTS = Settings.model_construct()
