"""Tools that know the product: each folder is one of them."""
