"""docs/asyncapi.yaml: who writes what to which topic, from topics, rights, headers and schemas."""
