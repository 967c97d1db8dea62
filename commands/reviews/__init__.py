"""Parts of reviews: the errors of the form, and the review of several requests at once."""
