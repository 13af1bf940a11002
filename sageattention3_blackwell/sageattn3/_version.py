# Rendered from variants/ by `feedstock rerender`: do not edit.
__version__ = "1.0.0"
