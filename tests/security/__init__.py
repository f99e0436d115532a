"""The product on a broker that asks who it is and what it may."""
