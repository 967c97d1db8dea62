"""Parts of the validation of a draft, and the rejections that they lead to."""
