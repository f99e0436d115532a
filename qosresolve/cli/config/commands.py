"""`config`: the settings as this process would see them."""

from qosresolve.cli.options import ConfigFile, Json, Sets, example, group
from qosresolve.cli.session import settings_of

app = group("Look at the settings.")


@app.callback()
def _group() -> None:
    """Keeps `show` a command of its own."""


@app.command(epilog=example("qosresolve config show --config prod.toml --set slot=3"))
def show(config: ConfigFile = None, sets: Sets = None, as_json: Json = False) -> None:
    """Show every setting, where its value comes from, and what it is. Secrets are stars."""
    settings = settings_of(config, sets)

    from qosresolve.cli.config import view as config_view

    config_view.show(settings, sets or (), as_json=as_json)
