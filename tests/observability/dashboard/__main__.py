"""`make dashboard`: write the dashboard that Grafana imports."""

from tests.observability.dashboard.building import PAGE, text

if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text(), encoding="utf-8")
