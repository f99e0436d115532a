"""The command line. Commands call down and show what comes back; they decide nothing.

Modules that typer loads import nothing heavy; what talks to Kafka or draws tables is imported by the command.
"""
