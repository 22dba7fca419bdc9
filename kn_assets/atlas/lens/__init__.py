"""The logit lens: likeliest tokens, probabilities and ranks after every layer."""
