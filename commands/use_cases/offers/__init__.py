"""The choices in the request form: resources and possible reviewers."""
