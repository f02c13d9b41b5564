"""What a person sees in napari: the only folder that knows Qt and napari."""
