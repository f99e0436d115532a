"""`config`: the settings as this process would see them."""
