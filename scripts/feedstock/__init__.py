"""The maintainers' command line: builds, tests and renders the packages of this repository."""
