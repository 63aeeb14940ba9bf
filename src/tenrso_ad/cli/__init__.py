"""The command line: ``tenrso-ad demo | fit | info``."""
