"""Pictures of compounds: recommendations, properties and searches."""
