"""The software bill of materials of an image, as CycloneDX; and what a release is made of."""
