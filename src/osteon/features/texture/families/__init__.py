"""The eleven families of features of the Image Biomarker Standardisation Initiative."""
