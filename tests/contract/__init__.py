"""The contracts with hassfest, HACS and the Marketplace, the Quality Scale, and the house."""
