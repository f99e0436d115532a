"""The dashboard: what its panels show is data (`rows_*`), `building` makes Grafana's JSON of it."""
