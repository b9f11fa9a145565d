"""overfit: which remedy against overfitting, and how sure can one be?"""
