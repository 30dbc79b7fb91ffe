"""The search for the most stable structure of a grain boundary."""
