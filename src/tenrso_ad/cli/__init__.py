"""The command line: ``tenrso-ad demo | fit | rank | info``."""
