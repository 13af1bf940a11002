# Rendered from variants/ by `feedstock rerender`: do not edit.
set(released_sageattention 80 89 90 100 120)
set(released_sageattn3 100 120)
