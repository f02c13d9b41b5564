"""``python -m napari_seamnet`` is the command ``napari-seamnet``."""

from .cli import main

if __name__ == "__main__":
    main()
