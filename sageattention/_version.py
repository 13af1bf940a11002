# Rendered from variants/ by `feedstock rerender`: do not edit.
__version__ = "2.2.0"
