"""Knowledge: facts, the neurons attributed to them, interventions."""
