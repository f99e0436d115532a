"""What docs/ has from the code alone: the reference, the AsyncAPI document and its schemas."""
