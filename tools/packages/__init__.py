"""What mip and manifests need to know of each package: written from the folders, never by hand."""
