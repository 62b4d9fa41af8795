"""What a person sees and types: the live screen, the prompt, the plots."""
